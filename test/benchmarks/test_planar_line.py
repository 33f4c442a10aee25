# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_ndtr

from vi_ik_ros.benchmarks import planar_line
from vi_ik_ros.benchmarks.fit_cache import CachedFit
from vi_ik_ros.benchmarks.planar_line import PAPER, TABLE, GridTarget, Line
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture


def on_the_line(num_components: int, lower, upper) -> GaussianMixture:
    """Round Gaussians along y = sin q0 + sin(q0 + q1) = 1."""
    q0 = np.linspace(0.3, math.pi - 0.3, num_components) if num_components > 1 else np.array([0.8])
    loc = np.stack([q0, np.arcsin(1.0 - np.sin(q0)) - q0], -1)
    scale = np.tile(0.15 * np.eye(2), (num_components, 1, 1))
    return GaussianMixture(np.zeros(num_components), loc, scale, lower=lower, upper=upper)


@pytest.fixture
def fake_fit(monkeypatch):
    """Fits in no time, on coarse cells; keeps what it was called with."""
    calls = []

    def fit(objectives, family, settings):
        num_components = settings.num_components
        calls.append((family, num_components, settings.seed, settings.time_limit))
        lower, upper = np.array([0.02, -3.12]), np.array([3.12, 3.12])
        return CachedFit(on_the_line(num_components, lower, upper), 0.5)

    monkeypatch.setattr(planar_line, "cached_fit", fit)
    monkeypatch.setattr(planar_line, "CELLS", (20, 35))
    return calls


def coarse(monkeypatch, line: Line, cells=(80, 140)) -> GridTarget:
    monkeypatch.setattr(planar_line, "CELLS", cells)
    return GridTarget(line)


@pytest.mark.parametrize(
    "line", [Line(), Line(std=0.1), Line("x", 1.2)], ids=lambda line: line.name
)
def test_target_is_the_formula_of_the_specification(monkeypatch, line):
    target = coarse(monkeypatch, line)
    q = np.concatenate(list(target.slabs()))
    wave = np.sin if line.axis == "y" else np.cos
    tip = wave(q[:, 0]) + wave(q.sum(1))
    lower, upper = np.array([0.02, -math.pi + 0.02]), np.array([math.pi - 0.02] * 2)
    limits = log_ndtr((q - lower) / 0.05) + log_ndtr((upper - q) / 0.05)
    expected = -0.5 * ((tip - line.value) / line.std) ** 2 + limits.sum(1)
    difference = target.log_target - expected
    np.testing.assert_allclose(difference, difference[0], atol=1e-6)  # both are unnormalised


def test_cells_are_as_specified_and_cover_the_limits_with_a_margin():
    target = GridTarget(Line())
    q = next(target.slabs())
    assert q.shape == (1400, 2)
    size = (math.pi - 0.04 + 1.0) / 800, (2 * math.pi - 0.04 + 1.0) / 1400
    assert target.cell_volume == pytest.approx(size[0] * size[1])
    np.testing.assert_allclose(
        q[0], [0.02 - 0.5 + size[0] / 2, -math.pi + 0.02 - 0.5 + size[1] / 2]
    )
    assert next(GridTarget(Line(std=0.01)).slabs()).shape == (4200, 2)


def test_halving_the_cells_changes_nothing(monkeypatch):
    found = []
    for cells in ((240, 420), (480, 840)):  # as fine for a std of 0.1 as the real ones for 0.03
        target = coarse(monkeypatch, Line(std=0.1), cells)
        robot = target.objectives.robot
        found.append(target.judge(on_the_line(4, robot.lower, robot.upper)))
    for name in ("bhattacharyya", "overlap", "mass", "reverse_kl"):
        assert getattr(found[0], name) == pytest.approx(getattr(found[1], name), abs=1e-4)
    assert found[0].mass == pytest.approx(1.0, abs=1e-3)


def test_every_case_has_its_rows_and_the_paper_beside_them(fake_fit):
    report = planar_line.run(quick=True, budget=1.5)
    assert report.bench == "planar-line" and report.seeds == [0, 1]
    assert all(np.isfinite(row.value) for row in report.rows)
    assert set(fake_fit) > {("gaussian", 5, 1, 1.5), ("banana", 1, 0, 1.5)}
    rows = {(row.case, row.metric): row for row in report.rows}
    main = planar_line.LINES[0].name
    for (family, num_components), (bc, _, hellinger) in TABLE.items():
        if num_components in planar_line.QUICK_COMPONENTS[family]:
            case = f"{family} K={num_components}, {main}"
            row = rows[case, "BC, median"]
            assert (row.reference, row.reference_source) == (bc, PAPER)
            row = rows[case, "squared Hellinger 2 (1 - BC), median"]
            assert row.reference == hellinger == pytest.approx(2 * (1 - bc), abs=0.0021)
    others = [row for row in report.rows if main not in row.case]
    assert {row.reference for row in others} == {None, 0.999}
    assert len({row.case for row in others}) == 6


def test_the_worst_is_the_worst():
    scores = [
        planar_line.GridDivergences(bc, bc / 2, 1 - bc, bc - 1, 0.0, 1.0) for bc in (0.5, 0.9, 0.7)
    ]
    fits = planar_line.Fits(scores, [1.0, 2.0, 3.0])
    rows = planar_line.figures(Line(), "banana", 1, fits, np.random.default_rng(0))
    values = {row.metric: row.value for row in rows}
    assert values["BC, median"] == 0.7 and values["BC, worst"] == 0.5
    assert values["reverse KL, worst"] == 0.5 and values["ELBO, worst"] == -0.5
    assert values["squared Hellinger 2 (1 - BC), worst"] == 1.0
    assert values["fit [s], median"] == 2.0


@pytest.mark.parametrize(("enough", "found"), [(1, [1]), (13, [13]), (24, [24]), (99, [])])
def test_components_needed_are_found_by_halving(monkeypatch, enough, found):
    good = planar_line.GridDivergences(0.995, 1.0, 0.0, 0.0, 0.0, 1.0)
    bad = replace(good, bhattacharyya=0.9)
    monkeypatch.setattr(
        planar_line,
        "fit",
        lambda target, family, k, seeds, budget: planar_line.Fits(
            [good if k >= enough else bad], [1.0]
        ),
    )
    rows = planar_line.needed(None, "gaussian", [0], None)
    assert [row.value for row in rows] == found
