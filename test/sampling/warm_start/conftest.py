# SPDX-License-Identifier: Apache-2.0
"""A Panda, poses it can reach, and a model that only pretends to have been trained."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.models.model import ConditionalModel, Samples


class BoxModel(ConditionalModel):
    """Uniform within `width` of known configurations, one for each known context."""

    family = "box"
    num_components = 2

    def __init__(self, contexts: np.ndarray, centers: np.ndarray, width: float) -> None:
        self.context_size, self.num_dims = contexts.shape[1], centers.shape[1]
        self.contexts, self.centers, self.width = contexts, centers, width
        self.calls: list[int] = []

    def _center(self, context: np.ndarray) -> np.ndarray:
        known = self.contexts if self.context_size else np.zeros((1, 1))
        gap = np.abs(known - (context if self.context_size else 0.0)).sum(axis=1)
        return self.centers[int(gap.argmin())]

    def sample(self, contexts, num_samples, rngs) -> Samples:
        self.calls.append(num_samples)
        assert len(rngs) == len(contexts)
        shape = (num_samples, self.num_dims)
        q = np.stack(
            [
                self._center(context) + rng.uniform(-self.width, self.width, shape)
                for context, rng in zip(contexts, rngs, strict=True)
            ]
        )
        component = np.zeros(q.shape[:2], dtype=np.uint32) + np.arange(num_samples) % 2
        return Samples(q, self.log_prob(q, contexts), component.astype(np.uint32))

    def log_prob(self, q, contexts) -> np.ndarray:
        centers = np.stack([self._center(context) for context in contexts])
        inside = (np.abs(q - centers[:, None]) <= self.width).all(axis=2)
        return np.where(inside, -self.num_dims * np.log(2 * self.width), -np.inf)

    def options(self) -> dict[str, object]:
        return {}

    def tensors(self) -> dict[str, np.ndarray]:
        return {}

    @classmethod
    def from_tensors(cls, options, tensors) -> "BoxModel":
        raise NotImplementedError


@dataclass(frozen=True)
class FakeStored:
    """As much of a stored model as the solver reads."""

    model: ConditionalModel
    document: dict
    digest: str = "digest"
    extras: dict = field(default_factory=dict)


def entry(kind: str, size: int, objective: str = "flange") -> dict[str, object]:
    return {"name": objective, "kind": kind, "size": size, "objective": objective, "frame": ""}


@pytest.fixture(scope="session")
def panda() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture(scope="session")
def solutions(panda: RobotModel) -> np.ndarray:
    """Configurations (20, 7) whose poses are the targets; not too close to the limits."""
    rng = np.random.default_rng(3)
    middle, half = (panda.upper + panda.lower) / 2, (panda.upper - panda.lower) / 2
    return middle + 0.7 * half * rng.uniform(-1, 1, (20, 7))


@pytest.fixture(scope="session")
def poses(panda: RobotModel, solutions: np.ndarray) -> np.ndarray:
    return matrix_to_pose(panda.forward(solutions))


@pytest.fixture
def stored(poses: np.ndarray, solutions: np.ndarray) -> FakeStored:
    """A pose model whose draws lie around one solution of each pose."""
    return FakeStored(BoxModel(poses, solutions, 0.1), {"context": [entry("pose", 7)]})


@pytest.fixture
def make_stored(solutions: np.ndarray) -> Callable[..., FakeStored]:
    def make(contexts: np.ndarray, *entries: dict, width: float = 0.1, **extras) -> FakeStored:
        document = {"context": list(entries)}
        return FakeStored(BoxModel(contexts, solutions, width), document, extras=extras)

    return make
