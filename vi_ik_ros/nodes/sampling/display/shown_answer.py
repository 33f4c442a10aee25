# SPDX-License-Identifier: Apache-2.0
"""What of an answer is shown."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest


@dataclass(frozen=True)
class ShownAnswer:
    """Some rows of an answer, the one that stands out first.

    Attributes:
        robot: the robot.
        targets: (B, 7) poses in its root frame [m, unit quaternion].
        q: (n, nq) configurations [rad or m].
        component: (n,) mixture component of each.
        log_prob: (n,) of each; NaN where no model drew it.
    """

    robot: RobotModel
    targets: np.ndarray
    q: np.ndarray
    component: np.ndarray
    log_prob: np.ndarray

    @classmethod
    def of(
        cls, robot: RobotModel, request: SampleRequest, answer: SampleAnswer, count: int
    ) -> Self:
        """Take at most `count` rows and targets."""
        rows = shown_rows(answer, count)
        columns = (answer.positions, answer.component, answer.log_prob)
        targets = np.reshape(request.targets, (-1, 7))[:count]
        return cls(robot, targets, *(column[rows] for column in columns))


def shown_rows(answer: SampleAnswer, count: int) -> np.ndarray:
    """Choose which rows of an answer are shown, at most `count`.

    The first is the most probable one for the first target that has any, of those that converged
    if some did; the others follow in their order.
    """
    filled = answer.counts[answer.counts > 0]
    if not len(filled):
        return np.empty(0, dtype=int)
    first = np.arange(filled[0])
    if answer.converged[first].any():
        first = first[answer.converged[first]]
    log_prob = answer.log_prob[first]  # NaN where no model drew the row
    best = first[np.argmax(np.where(np.isnan(log_prob), -np.inf, log_prob))]
    others = np.arange(min(count, len(answer.positions)))
    return np.concatenate([[best], others[others != best]])[:count]
