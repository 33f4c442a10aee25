# SPDX-License-Identifier: Apache-2.0
"""Where the starts of `talos-reach` come from: the model and its competitors."""

from abc import ABC, abstractmethod

import numpy as np

from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture
from vi_ik_ros.sampling.models.kd_tree import KdTree, KdTreeOptions
from vi_ik_ros.sampling.models.model import ConditionalModel


class Starts(ABC):
    """Proposes configurations for hand poses.

    Attributes:
        name: Case of the report.
    """

    name: str

    @abstractmethod
    def propose(self, pose: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """Return starts (num_starts, D) for one pose (7,), the best first."""


class RandomStarts(Starts):
    """Half sitting first where asked for, then random joints about it; the base stands."""

    def __init__(self, name: str, robot: RobotModel, part: float, *, ready_first: bool) -> None:
        """Keep how far random joints are from half sitting, as a part of their range."""
        self.name, self._robot, self._part, self._ready_first = name, robot, part, ready_first

    def propose(self, pose: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """See `Starts`."""
        robot, ready = self._robot, self._robot.ready
        q = rng.uniform(robot.lower, robot.upper, (num_starts, robot.nq))
        q = ready + self._part * (q - ready)
        q[:, : robot.tree.num_base] = ready[: robot.tree.num_base]
        if self._ready_first:
            q[0] = ready
        return q


class ModelStarts(Starts):
    """Draws of a model, as they come."""

    def __init__(self, name: str, model: ConditionalModel) -> None:
        """Keep the model."""
        self.name, self._model = name, model

    def propose(self, pose: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """See `Starts`."""
        return self._model.sample(pose[None], num_starts, [rng]).q[0]


def sharpened(model: AmortizedMixture, part: float) -> AmortizedMixture:
    """Return the same mixture with all stds of its components a part of what they were."""
    options, tensors = AmortizedOptions.from_mapping(model.options()), model.tensors()
    num_dims = options.num_dims
    bias = tensors["trunk.head.bias"].astype(np.float32).reshape(options.num_components, -1)
    bias[:, 1 + num_dims : 1 + 2 * num_dims] -= np.log(part)  # logarithms of precisions
    return AmortizedMixture(options, tensors | {"trunk.head.bias": bias.ravel()})


def database(robot: RobotModel, q: np.ndarray, hands: np.ndarray) -> ModelStarts:
    """Return the postures q (N, D) whose hands (N, 4, 4) are nearest."""
    lower, upper = (tuple(map(float, bound)) for bound in (robot.lower, robot.upper))
    options = KdTreeOptions((("pose", 7),), lower, upper, num_rows=len(q))
    tree = KdTree(options, {"q": q, "contexts": matrix_to_pose(hands)})
    return ModelStarts(f"KD-{round(len(q) / 1000)}k", tree)
