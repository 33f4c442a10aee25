# SPDX-License-Identifier: Apache-2.0
"""What a joint mixture answers for a target: point predictions, and draws."""

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from vi_ik_ros.benchmarks.gmm_ik.planar_arm import errors, forward, refine
from vi_ik_ros.benchmarks.gmm_ik.variants import context_rows
from vi_ik_ros.sampling.models.em_mixture import EmMixture

Answer = Callable[[EmMixture, np.ndarray], np.ndarray]

SEED = 7  # of draws
NUM_DRAWS = 100  # for each target
REFINING_STEPS, CLOSE = 3, 1e-3  # before a draw counts for its branch; [m] that it must come near


def _each(predict: Callable[[EmMixture, np.ndarray, int], np.ndarray]) -> Answer:
    """Return the answer that predicts target after target (n, 2): angles (n, 3) [rad]."""

    def answer(model: EmMixture, targets: np.ndarray) -> np.ndarray:
        rows = context_rows(targets)
        return np.stack([predict(model, row, i) for i, row in enumerate(rows)])

    return answer


def _stochastic(model: EmMixture, context: np.ndarray, index: int) -> np.ndarray:
    return model.one_gaussian(context, 1, np.random.default_rng([SEED, index]))[0]


def _chosen(model: EmMixture, context: np.ndarray, index: int) -> np.ndarray:
    """Return the component mean whose tip is nearest: this asks the robot, the others do not."""
    loc = model.conditional(context).loc
    return loc[errors(loc, context[:2]).argmin()]


ANSWERS: dict[str, Answer] = {
    "SLSE": _each(lambda model, context, _: model.single_component(context)),
    "densest component": _each(lambda model, context, _: model.densest_component(context)),
    "LSE": _each(lambda model, context, _: model.least_squares(context)),
    "STOCH": _each(_stochastic),
    "mean chosen by forward kinematics": _each(_chosen),
}


def nearest_row(theta: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return for targets (n, 2) the training row, of theta (N, 3), whose tip is nearest: (n, 3)."""
    return theta[cKDTree(forward(theta)).query(targets)[1]]


def draws(model: EmMixture, targets: np.ndarray) -> np.ndarray:
    """Return draws (T, n, 3) of the conditional mixture for targets (T, 2)."""
    rngs = [np.random.default_rng([SEED, i]) for i in range(len(targets))]
    return model.sample(context_rows(targets), NUM_DRAWS, rngs).q


def branches_covered(theta: np.ndarray, targets: np.ndarray) -> float:
    """Return the share [%] of branches, elbow up and elbow down, that draws come to.

    Every target has both: a posture mirrored at the line to the target is one, too. A draw counts
    once it has been refined.

    Args:
        theta: (T, n, 3) draws.
        targets: (T, 2), within reach.
    """
    repeated = np.repeat(targets, theta.shape[1], axis=0)
    found = refine(theta.reshape(-1, 3), repeated, REFINING_STEPS)
    near = (errors(found, repeated) < CLOSE).reshape(theta.shape[:2])
    up = (np.sin(found[:, 1]) > 0).reshape(theta.shape[:2])
    return 100 * float(np.mean([(near & up).any(1), (near & ~up).any(1)]))
