# SPDX-License-Identifier: Apache-2.0
"""Where the starts of `talos-reach` come from: the model and its competitors."""

from abc import ABC, abstractmethod

import numpy as np

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.models.kd_tree import KdTree, KdTreeOptions
from vi_ik_ros.sampling.models.model import ConditionalModel


class Starts(ABC):
    """Proposes configurations for targets.

    Attributes:
        name: Case of the report.
        spare: Starts that are refined for each row that is checked; 1: all of them are.
    """

    name: str
    spare: float = 1.0

    @abstractmethod
    def propose(self, context: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """Return starts (num_starts, D) for one context (dc,), the best first."""

    def merit(self, context: np.ndarray, starts: np.ndarray, refined: np.ndarray) -> np.ndarray:
        """Return by what (num_starts,) refined starts are ordered, the largest first.

        Args:
            context: (dc,).
            starts: (num_starts, D) as they were proposed.
            refined: (num_starts, D).
        """
        return -np.arange(len(starts))


class RandomStarts(Starts):
    """Half sitting first where asked for, then random joints about it; the base stands."""

    def __init__(self, name: str, robot: RobotModel, part: float, *, ready_first: bool) -> None:
        """Keep how far random joints are from half sitting, as a part of their range."""
        self.name, self._robot, self._part, self._ready_first = name, robot, part, ready_first

    def propose(self, context: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
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

    def propose(self, context: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """See `Starts`."""
        return self._model.sample_configurations(context[None], num_starts, [rng])[0]


class LikelyStarts(ModelStarts):
    """Draws of a model, those first that it finds likeliest once they are refined."""

    spare = 1.5

    def merit(self, context: np.ndarray, starts: np.ndarray, refined: np.ndarray) -> np.ndarray:
        """See `Starts`."""
        return self._model.log_prob(refined[None], context[None])[0]


class LeastMovedStarts(ModelStarts):
    """Rows of a database, those first that the refiner has moved least."""

    spare = 1.5

    def merit(self, context: np.ndarray, starts: np.ndarray, refined: np.ndarray) -> np.ndarray:
        """See `Starts`."""
        return -np.linalg.norm(refined - starts, axis=1)


def database(robot: RobotModel, q: np.ndarray, contexts: np.ndarray) -> KdTree:
    """Return the postures q (N, D) whose contexts (N, dc) are nearest."""
    lower, upper = (tuple(map(float, bound)) for bound in (robot.lower, robot.upper))
    entries = (("pose", 7),) * (contexts.shape[1] // 7)
    options = KdTreeOptions(entries, lower, upper, num_rows=len(q))
    return KdTree(options, {"q": q, "contexts": contexts})
