# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.benchmarks import prioritized_bimanual
from vi_ik_ros.benchmarks.prioritized_bimanual import (
    APART,
    CASES,
    HANDS,
    STD,
    TOGETHER,
    distances,
    fit,
    kolmogorov,
    nearest,
)

LINK = 0.25


def hand(q, side):
    """By the formula of a trunk that points along y and two links of each arm."""
    first = 1 if side == "left_hand" else 3
    angles = np.cumsum([np.pi / 2 + q[:, 0], q[:, first], q[:, first + 1]], axis=0)
    return LINK * np.stack([np.cos(angles).sum(0), np.sin(angles).sum(0)], -1)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(prioritized_bimanual, "NUM_COMPONENTS", 2)
    monkeypatch.setattr(prioritized_bimanual, "NUM_PROPOSALS", 2000)
    monkeypatch.setattr(prioritized_bimanual, "NUM_DRAWS", 500)
    monkeypatch.setattr(prioritized_bimanual, "QUICK_STEPS", 3)


@pytest.mark.parametrize("side", HANDS)
def test_distances_follow_the_formula_of_the_arm(side):
    q = np.random.default_rng(0).uniform(-1.5, 1.5, (20, 5))
    target = (0.1, -0.3)
    expected = np.linalg.norm(hand(q, side) - target, axis=1)
    np.testing.assert_allclose(distances(q, side, target), expected, atol=1e-12)


def test_the_nearest_is_what_no_configuration_comes_under():
    assert nearest(TOGETHER) == 0.0
    gap = np.subtract(*APART)
    assert nearest(APART) >= np.linalg.norm(gap) - 4 * LINK > 0.0
    q = np.random.default_rng(0).uniform(-1.55, 1.55, (200_000, 5))
    near = np.linalg.norm(hand(q, HANDS[0]) - APART[0], axis=1) < 0.01
    second = np.linalg.norm(hand(q, HANDS[1]) - APART[1], axis=1)
    assert near.any() and second[near].min() > nearest(APART) - 0.02


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_targets_are_the_sums_of_what_they_say(case):
    product = case.product()
    assert product.bound == (case.priorities[1] != 1 and case.posture is None)
    q = np.random.default_rng(1).uniform(-1.0, 1.0, (6, 5))  # where limits do not matter
    terms = product.expert_log_densities(torch.from_numpy(q))
    for side, target, priority in zip(HANDS, case.targets, case.priorities, strict=True):
        assert (side in terms) == (priority is not None)
        if side in terms:
            expected = -0.5 * (np.linalg.norm(hand(q, side) - target, axis=1) / STD) ** 2
            np.testing.assert_allclose(terms[side].numpy(), expected, rtol=1e-9)


def test_the_kolmogorov_distance_tells_a_normal_point_from_others():
    rng = np.random.default_rng(0)
    assert kolmogorov(np.linalg.norm(STD * rng.standard_normal((5000, 2)), axis=1)) < 0.03
    assert kolmogorov(np.linalg.norm(1.2 * STD * rng.standard_normal((5000, 2)), axis=1)) > 0.08


def test_priorities_send_the_pull_of_the_second_hand_elsewhere(small):
    plain, first, prioritised = (
        next(c for c in CASES if c.name == f"too far apart, {word}").product()
        for word in ("plain product", "first hand alone", "priorities")
    )
    q = torch.tensor([[0.2, 1.2, 0.3, -1.3, -0.4]], dtype=torch.float64)

    def slope(function):
        at = q.clone().requires_grad_()
        return torch.autograd.grad(function(at).sum(), at)[0]

    J = prioritised.chain.jacobian(q, HANDS[0])[0, :2]
    pull = slope(prioritised.filtered_log_density) - slope(first.log_density)
    assert (J @ pull[0]).abs().max() < 1e-2 * pull.abs().max() > 0.1
    unfiltered = slope(plain.log_density) - slope(first.log_density)
    assert (J @ unfiltered[0]).abs().max() > 1e-2 * pull.abs().max()


def test_a_time_limit_ends_a_fit(small):
    assert np.isfinite(fit(CASES[1].product(), 0, 10_000, time_limit=0.2).elbo)


def test_every_case_has_its_rows(small):
    report = prioritized_bimanual.run(quick=True)
    assert report.bench == "prioritized-bimanual" and report.seeds == [0, 1]
    assert {row.case for row in report.rows} == {case.name for case in CASES}
    assert all(np.isfinite(row.value) and row.stderr is not None for row in report.rows)
    rows = {(row.case, row.metric): row for row in report.rows}
    second = rows["too far apart, priorities", "second hand, mean error [m]"]
    assert second.reference == nearest(APART)
    assert rows["too far apart, plain product", second.metric].reference is None
    own = rows["both in reach, plain product", second.metric].reference
    assert own == pytest.approx(STD * np.sqrt(np.pi / 2))
    assert ("too far apart, priorities", "ELBO of level 0, no bound") in rows
