# SPDX-License-Identifier: Apache-2.0
import pytest
from matplotlib.image import imread

from vi_ik_ros.benchmarks import panda_training
from vi_ik_ros.benchmarks.figures.robots import panda_training as picture
from vi_ik_ros.benchmarks.panda_training import QUICK_MINUTES, SHOWN
from vi_ik_ros.sampling.training.settings import FitSettings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    """Fits of a few updates by a network of no size, kept in a cache of their own."""
    told = []

    def settings(*, time_limit: float, steps: int) -> FitSettings:
        told.append(time_limit)
        return FitSettings(num_components=4, width=16, batch_size=32, steps=2 * len(told))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("fits")))
        patch.setattr(panda_training, "FitSettings", settings)
        patch.setattr(
            panda_training, "resolve_device", lambda name: panda_training.torch.device("cpu")
        )
        patch.setattr(panda_training, "QUICK_POSES", 4)
        patch.setattr(panda_training, "NUM_RAW", 5)
        yield told


def test_each_time_has_a_fit_of_its_own_and_a_point(fits):
    lines = []
    report = panda_training.run(quick=True, on_progress=lines.append)
    assert fits == [60.0 * minutes for minutes in QUICK_MINUTES]
    cases = list(dict.fromkeys(row.case for row in report.rows))
    assert cases == [f"cpu, {minutes:g} min" for minutes in QUICK_MINUTES]
    for nth, case in enumerate(cases):
        rows = {row.metric: row for row in report.rows if row.case == case}
        assert set(SHOWN) < set(rows) and rows["updates"].value == 2 * (nth + 1)
        assert rows["median position error [mm]"].value > 100  # nothing has been learned
    assert any("fitting" in line for line in lines)


def test_the_budget_ends_the_curve(monkeypatch):
    monkeypatch.setattr(panda_training, "_point", lambda device, minutes, *rest: minutes)
    assert panda_training.curve([1], budget=700.0)[:3] == [1.0, 3.0, 10.0]
    assert panda_training.curve([1], budget=30.0)[:1] == [0.5]


def test_the_picture_shows_every_point(fits, tmp_path):
    assert picture.draw(tmp_path, quick=True) == [tmp_path / "panda_training.png"]
    image = imread(tmp_path / "panda_training.png")
    assert image.shape[1] > image.shape[0] and image.std() > 0.01
