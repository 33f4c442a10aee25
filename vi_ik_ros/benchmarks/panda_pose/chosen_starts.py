# SPDX-License-Identifier: Apache-2.0
"""Few of many draws of a model, near their target and far from each other."""

import numpy as np

from vi_ik_ros.benchmarks.warm_starts.starts import Starts
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.warm_start.refine import tip_errors

DRAWS_PER_START = 10
KEPT = 0.3  # part of the draws that starts are chosen from, those nearest to their target
ORIENTATION_WEIGHT = 0.3  # [m/rad], of an orientation error against a position error


class ChosenStarts(Starts):
    """The draws that are nearest to the pose, of these the ones farthest from each other.

    It costs one forward kinematics a draw, which is worth it where a refinement costs far more.
    """

    name = "chosen"
    num_in_time = 100

    def __init__(self, robot: RobotModel, model: ConditionalModel) -> None:
        """Keep the model and the chain that judges its draws."""
        self._model, self._chain, self._continuous = model, robot.serial_chain(), robot.continuous

    def propose(self, poses: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """See `Starts`."""
        return np.stack([self._chosen(pose[None], num_starts, rng) for pose in poses])

    def _chosen(self, pose: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """Return starts (num_starts, nq) for a pose (1, 7)."""
        num_draws = DRAWS_PER_START * num_starts
        q = self._model.sample_configurations(pose, num_draws, [rng])[0]
        position, orientation = tip_errors(self._chain, pose_to_matrix(pose), q)
        residual = np.hypot(position, ORIENTATION_WEIGHT * orientation)
        nearest = q[np.argsort(residual)[: max(num_starts, int(KEPT * len(q)))]]
        return nearest[farthest_first(nearest, num_starts, self._continuous)]


def farthest_first(q: np.ndarray, num_chosen: int, continuous: np.ndarray) -> np.ndarray:
    """Choose the first row, then again and again the row farthest from all that are chosen.

    Args:
        q: (N, n) configurations [rad, m].
        num_chosen: rows wanted, at most N.
        continuous: (n,) bool, joints whose difference is wrapped.

    Returns:
        (num_chosen,) indices; distances are largest joint differences.
    """
    chosen, gaps = [0], np.full(len(q), np.inf)
    while len(chosen) < num_chosen:
        difference = np.abs(q - q[chosen[-1]])
        wrapped = np.abs(difference - 2 * np.pi * np.round(difference / (2 * np.pi)))
        gaps = np.minimum(gaps, np.where(continuous, wrapped, difference).max(axis=1))
        gaps[chosen[-1]] = -1.0  # never again, not even where all rows are equal
        chosen.append(int(np.argmax(gaps)))
    return np.array(chosen)
