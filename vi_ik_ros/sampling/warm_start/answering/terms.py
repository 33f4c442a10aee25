# SPDX-License-Identifier: Apache-2.0
"""What one request asks of every row, worked out once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vi_ik_ros.kinematics.chains.serial_chain import SerialChain
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.obstacles import ObstacleExpert
from vi_ik_ros.sampling.warm_start.refine import Tolerance
from vi_ik_ros.sampling.warm_start.whole_body.body_targets import BodyTargets


@dataclass(frozen=True)
class Terms:
    """What one request asks of every row, worked out once.

    Attributes:
        num_samples: Rows wanted of each target.
        refine: Whether rows are refined.
        tolerance: When a row counts as converged.
        distinct_tolerance: [rad or m], 0 keeps all.
        chain: The joints that move the tip, limited to what is near enough to the reference.
        position_only: Whether orientations of targets count for nothing.
        body: The tasks of a whole body where there is no chain, limited in the same way, or None.
        continuous: (nq,) bool.
        reference: (nq,), or None.
        max_distance: [rad or m] from the reference; infinite = any.
        collides: Tells which configurations (N, nq) collide, or None.
        obstacles: Weighs configurations by their distance to obstacles, or None.
        deadline: `time.perf_counter()` value, or None.
        num_threads: Threads of the refiner; None: as many as a batch is worth.
    """

    num_samples: int
    refine: bool
    tolerance: Tolerance
    distinct_tolerance: float
    chain: SerialChain | None
    position_only: bool
    body: BodyTargets | None
    continuous: np.ndarray
    reference: np.ndarray | None
    max_distance: float
    collides: Callable[[np.ndarray], np.ndarray] | None
    obstacles: ObstacleExpert | None
    deadline: float | None
    num_threads: int | None

    @property
    def expired(self) -> bool:
        """Whether the timeout has passed."""
        return self.deadline is not None and time.perf_counter() >= self.deadline

    @property
    def filters(self) -> bool:
        """Whether rows may be refused for another reason than their residual."""
        touching = self.collides is not None or self.obstacles is not None
        return touching or bool(np.isfinite(self.max_distance))

    def toward_reference(self, q: np.ndarray) -> np.ndarray:
        """Turn continuous joints by whole turns to where the refiner's limits are."""
        if self.reference is None or not np.isfinite(self.max_distance):
            return q
        near = self.reference + wrap(q - self.reference)
        return np.where(self.continuous, near, q)

    def distance(self, q: np.ndarray) -> np.ndarray:
        """Return the largest joint difference (N,) to the reference."""
        gap = q - self.reference
        return np.abs(np.where(self.continuous, wrap(gap), gap)).max(axis=1)


def wrap(angle: np.ndarray) -> np.ndarray:
    """Wrap angles to [-pi, pi)."""
    wrapped = angle - 2 * np.pi * np.floor((angle + np.pi) / (2 * np.pi))
    return np.where(wrapped < np.pi, wrapped, -np.pi)  # rounding may give pi itself


def allowed_range(
    robot: RobotModel, reference: np.ndarray | None, max_distance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the joint limits (nq,), (nq,), narrowed to what is near enough to a reference.

    A continuous joint near a reference may leave [-pi, pi) here; it is wrapped later.
    """
    if reference is None or not np.isfinite(max_distance):
        return robot.lower.copy(), robot.upper.copy()
    near_lower, near_upper = reference - max_distance, reference + max_distance
    lower = np.where(robot.continuous, near_lower, np.maximum(robot.lower, near_lower))
    upper = np.where(robot.continuous, near_upper, np.minimum(robot.upper, near_upper))
    empty = lower > upper  # the reference itself is outside the limits by more than that
    nearest = np.clip(reference, robot.lower, robot.upper)
    return np.where(empty, nearest, lower), np.where(empty, nearest, upper)


def narrowed(chain: SerialChain, lower: np.ndarray, upper: np.ndarray) -> SerialChain:
    """Return a chain within other limits (nq,); its narrowed continuous joints do not wrap."""
    lower, upper = lower[chain.columns], upper[chain.columns]
    whole = chain.continuous & (upper - lower >= 2 * np.pi)
    lower, upper = np.where(whole, -np.pi, lower), np.where(whole, np.pi, upper)
    return replace(chain, lower=lower, upper=upper, continuous=whole)
