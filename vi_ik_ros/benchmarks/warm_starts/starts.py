# SPDX-License-Identifier: Apache-2.0
"""Where starts for poses of an arm come from: a model and its competitors."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from scipy.spatial import cKDTree

from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.store.model_store import StoredModel

QUATERNION_WEIGHT = 0.6  # [m] of a quaternion entry in a key of the tree
DRAWS_PER_SAMPLE = 10  # of sampling importance resampling


class Starts(ABC):
    """Proposes configurations for poses.

    Attributes:
        name: Case of the report.
        num_starts: Starts that are refined for each target.
        num_in_time: Starts proposed at once where the time is limited.
        exhausted: Whether asking again brings nothing new.
    """

    name: str
    num_starts: int = 20
    num_in_time: int = 400
    exhausted: bool = False

    @abstractmethod
    def propose(self, poses: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """Return starts (B, num_starts, nq) for poses (B, 7), the best first."""


class RandomStarts(Starts):
    """Uniformly random configurations."""

    name = "random"

    def __init__(self, robot: RobotModel) -> None:
        """Keep the limits."""
        self._lower, self._upper = robot.lower, robot.upper

    def propose(self, poses: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """See `Starts`."""
        shape = (len(poses), num_starts, len(self._lower))
        return rng.uniform(self._lower, self._upper, shape)


class ReadyStarts(Starts):
    """The ready configuration."""

    name = "ready"
    num_starts = 1

    def __init__(self, robot: RobotModel) -> None:
        """Keep the configuration."""
        self._ready = robot.ready

    def propose(self, poses: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """See `Starts`; there is only one."""
        return np.tile(self._ready, (len(poses), 1, 1))


class KdTreeStarts(Starts):
    """The nearest of many random configurations, by position and quaternion of their tip."""

    num_in_time = 1_000
    exhausted = True

    def __init__(self, robot: RobotModel, size: int, rng: np.random.Generator) -> None:
        """Draw the configurations and build the tree."""
        self.name = f"KD-{size // 1000}k" if size < 1_000_000 else f"KD-{size // 1_000_000}M"
        chain = Chain(robot, [robot.tip], dtype=torch.float64)
        self._q = rng.uniform(robot.lower, robot.upper, (size, robot.nq))
        parts = []
        for first in range(0, size, 10_000):
            T = chain.forward(torch.from_numpy(self._q[first : first + 10_000]))[:, 0]
            parts.append(matrix_to_pose(T.numpy()))
        self._tree = cKDTree(_keys(np.concatenate(parts)))

    def propose(self, poses: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """See `Starts`; a quaternion and its negative are both looked up."""
        flipped = poses * np.array([1, 1, 1, -1, -1, -1, -1])
        nth = [*range(1, num_starts + 1)]
        found = [self._tree.query(_keys(signed), k=nth) for signed in (poses, flipped)]
        distance, index = (np.concatenate(part, axis=1) for part in zip(*found, strict=True))
        nearest = np.argsort(distance, axis=1)[:, :num_starts]
        return self._q[np.take_along_axis(index, nearest, axis=1)]


class ModelStarts(Starts):
    """Independent draws of the model, as they come."""

    def __init__(self, model: ConditionalModel, name: str = "raw") -> None:
        """Keep the model and the name of its case."""
        self._model, self.name, self.exhausted = model, name, model.repeats
        self.num_in_time = 1_000 if self.exhausted else Starts.num_in_time

    def propose(self, poses: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """See `Starts`."""
        parts = [poses[first : first + 100] for first in range(0, len(poses), 100)]
        draws = [self._model.sample_configurations(p, num_starts, rng.spawn(len(p))) for p in parts]
        return np.concatenate(draws)


class ResampledStarts(Starts):
    """Draws of the model, resampled without replacement by the target density (SIR)."""

    name = "SIR"
    num_in_time = 100

    def __init__(self, robot: RobotModel, stored: StoredModel) -> None:
        """Read the target density of the model."""
        self._model = stored.model
        self._product = load_objectives(stored.document["objectives"], robot=robot).product

    def propose(self, poses: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """See `Starts`."""
        return np.stack([self._resample(pose[None], num_starts, rng) for pose in poses])

    def _resample(self, pose: np.ndarray, num_starts: int, rng: np.random.Generator) -> np.ndarray:
        """Keep num_starts of ten times as many draws, by Gumbel's trick."""
        draws = self._model.sample(pose, DRAWS_PER_SAMPLE * num_starts, [rng])
        q = torch.from_numpy(np.ascontiguousarray(draws.q[0], dtype=np.float64))
        with torch.inference_mode():
            log_density = self._product.log_density(q, torch.from_numpy(pose)).numpy()
        log_weight = log_density - draws.log_prob[0]
        order = np.argsort(log_weight + rng.gumbel(size=len(log_weight)))[::-1]
        return draws.q[0][order[:num_starts]]


def _keys(poses: np.ndarray) -> np.ndarray:
    """Return the keys (N, 7) of poses (N, 7)."""
    return poses * np.array([1.0] * 3 + [QUATERNION_WEIGHT] * 4)
