# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.benchmarks.new_robot import new_robot
from vi_ik_ros.benchmarks.new_robot.new_robot import SINGLE, Scale
from vi_ik_ros.sampling.training.settings import FitSettings


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    told = []

    def settings(*, seed: int, time_limit: float) -> FitSettings:
        told.append((seed, time_limit))
        return FitSettings(seed=seed, num_components=4, width=16, batch_size=32, steps=3)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("fits")))
        patch.setattr(new_robot, "FitSettings", settings)
        patch.setattr(new_robot, "QUICK", Scale(num_poses=4, tree_size=2_000, timed=2))
        patch.setattr(new_robot, "NUM_RAW", 10)
        found = new_robot.run(arms=["kinova_j2s6"], quick=True, budget=7.0)
    assert told == [(0, 7.0)]  # nothing but the seed and the time is told
    return found


@pytest.mark.slow
def test_every_start_is_measured_on_the_same_targets(report):
    by_case = {}
    for row in report.rows:
        by_case.setdefault(row.case, {})[row.metric] = row
    names = {"raw", "KD-2k", "random", "ready", "served"}
    assert set(by_case) == {f"kinova_j2s6, {name}" for name in names}
    for name in names:
        rows = by_case[f"kinova_j2s6, {name}"]
        assert 0 <= rows[SINGLE].value <= 100
        assert rows["converged rows that pinocchio refutes"].value == 0
    assert by_case["kinova_j2s6, served"]["answered [%]"].value == 100
    raw = by_case["kinova_j2s6, raw"]
    assert raw["updates"].value == 3 and raw["training time [s]"].value >= 0.0
    assert raw["median position error [mm]"].value > 50  # of a network that knows nothing


@pytest.mark.slow
def test_a_draw_stands_beside_the_tree_that_it_must_beat(report):
    single = {row.case: row for row in report.rows if row.metric == SINGLE}
    raw, tree = single["kinova_j2s6, raw"], single["kinova_j2s6, KD-2k"]
    assert raw.reference == tree.value and "KD-2k" in raw.reference_source
    assert all(row.reference is None for row in single.values() if row is not raw)
