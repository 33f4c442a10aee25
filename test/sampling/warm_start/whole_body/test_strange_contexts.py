# SPDX-License-Identifier: Apache-2.0
"""A whole-body model asked for what it was never trained on."""

import numpy as np
import pytest

from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, TargetStatus, WarmStartSolver

from .conftest import FEET, HAND
from .test_body_targets import NearReady, Stored, document


@pytest.fixture(scope="module")
def known(talos) -> np.ndarray:
    """Contexts (400, 14) of a training: poses of the hand and of the foot about the usual ones."""
    rng = np.random.default_rng(0)
    usual = [matrix_to_pose(talos.forward(talos.ready[None], name)) for name in (HAND, FEET[0])]
    rows = np.tile(np.concatenate(usual, axis=1), (400, 1))
    rows[:, :3] += rng.uniform(-0.15, 0.15, (400, 3))
    rows[:, 7:9] += rng.uniform(-0.04, 0.04, (400, 2))
    return rows


@pytest.fixture(scope="module")
def solver(talos, known) -> WarmStartSolver:
    extras = {"extra.training_contexts": known.astype(np.float32)}
    stored = Stored(NearReady(talos, 14), document("talos_reach", talos), extras=extras)
    return WarmStartSolver(talos, stored)


@pytest.mark.parametrize(("column", "step"), [(0, 1.0), (9, 0.2)], ids=["hand", "foot"])
@pytest.mark.parametrize("refine", [False, True])
def test_it_is_flagged_with_its_distance(solver, known, column, step, refine) -> None:
    contexts = known[[5, 5]].copy()
    contexts[1, column] += step  # [m]
    request = SampleRequest(context=contexts, num_samples=2, seed=1, refine=refine)
    answer = solver.solve(request)
    assert answer.out_of_distribution.tolist() == [False, True]
    usual, strange = answer.context_distance
    assert usual < answer.context_distance_limit < strange
    assert "trained on" not in answer.target_msg[0]
    assert f"{strange / answer.context_distance_limit:.2f} times" in answer.target_msg[1]
    if not refine:
        assert answer.target_status[1] == TargetStatus.OUT_OF_DISTRIBUTION
