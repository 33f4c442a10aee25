# SPDX-License-Identifier: Apache-2.0
"""What the page needs of a sampler, wherever that runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.store.curves.training_curve import TrainingCurve
from vi_ik_ros.sampling.store.model_store import StoredModel
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest

TRAINING_CONTEXTS = "extra.training_contexts"


@dataclass(frozen=True)
class SampledModel:
    """What the page knows of one model.

    Attributes:
        name: in the model store.
        robot: the robot.
        entries: of the context, as in `model.json`.
        context: (dc,) a context row that the model was made for.
        refines: whether its answers can be refined.
        title: family, robot and number of components, in one line.
    """

    name: str
    robot: RobotModel
    entries: tuple[Mapping, ...]
    context: np.ndarray
    refines: bool
    title: str

    @classmethod
    def of(cls, stored: StoredModel, robot: RobotModel, *, refines: bool) -> "SampledModel":
        """Describe a model of the store."""
        document = stored.document
        entries = tuple(document["context"])
        title = f"{document['family']}, {document['num_components']} components, {robot.name}"
        context = _usual_context(stored, robot, entries)
        return cls(stored.name, robot, entries, context, refines, title)


class Sampler(Protocol):
    """Answers requests; one thread at a time."""

    @property
    def title(self) -> str:
        """Where the answers come from, in a few words."""

    def model_names(self) -> Sequence[str]:
        """Return the names that `model` takes."""

    def model(self, name: str) -> SampledModel:
        """Describe a model.

        Raises:
            ViIkError: it cannot be used.
        """

    def curve(self, name: str) -> TrainingCurve | None:
        """Return how the fit of a model went; None if the model does not keep it.

        Raises:
            ViIkError: it cannot be read.
        """

    def sample(self, name: str, request: SampleRequest) -> SampleAnswer:
        """Answer a request; rows stand in the chart of the robot (nq columns).

        Raises:
            ViIkError: the request cannot be answered.
        """


def _usual_context(
    stored: StoredModel, robot: RobotModel, entries: Sequence[Mapping]
) -> np.ndarray:
    """Return a context row (dc,): where a lone tip is in the ready posture, or one of training."""
    kinds = [entry["kind"] for entry in entries]
    if kinds in (["pose"], ["position"]):
        pose = matrix_to_pose(robot.forward(robot.ready))
        return pose if kinds == ["pose"] else pose[:3]
    rows = stored.extras.get(TRAINING_CONTEXTS)
    if rows is not None and len(rows):
        return np.array(rows[0], dtype=np.float64)
    ranges = [np.mean(entry["range"], axis=0) for entry in entries]
    return np.concatenate([np.zeros(0), *ranges])
