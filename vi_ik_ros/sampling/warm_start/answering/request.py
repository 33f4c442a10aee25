# SPDX-License-Identifier: Apache-2.0
"""What is asked of a warm start, and what comes back: the service, as numpy."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput, RequestError
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.wire_rows import from_wire, to_wire, wire_names

COLDEST, HOTTEST = 0.001, 2.0  # temperatures; below, densities lose their digits


class TargetStatus(IntEnum):
    """What became of one target."""

    OK = 0  # num_samples rows; when refined, all of them converged and distinct
    PARTIAL = 1  # fewer such rows than asked for
    UNREACHABLE = 2  # no row converged
    TIMEOUT = 3  # the timeout passed first
    OUT_OF_DISTRIBUTION = 4  # unlike the training contexts, and no refiner has proved the rows


class Source(IntEnum):
    """Who proposed one row."""

    MODEL = 0
    READY = 1
    RANDOM = 2


def _empty(*shape: int) -> np.ndarray:
    return field(default_factory=lambda: np.zeros(shape))


@dataclass(frozen=True)
class SampleRequest:
    """Configurations wanted for each of B targets.

    Attributes:
        targets: (B, 7) poses x y z qx qy qz qw of the tip in the root frame [m, unit], for models
            whose context is one pose or one position (whose orientation is ignored).
        context: (B, dc) or flat context rows, for any other model.
        num_samples: Rows wanted of each target.
        seed: Random seed; target i draws from stream (seed, i). 0 is a fresh one.
        temperature: Factor on the std of the model's components or noise; 0 is 1, as trained.
        refine: Refine each draw; converged and distinct rows come first.
        position_tolerance: [m]; 0 is 1e-4.
        orientation_tolerance: [rad]; 0 is 1e-3.
        distinct_tolerance: [rad or m], largest joint difference of rows that count as one when
            refined; 0 keeps all.
        reference: (nq,) rows are sorted by the largest joint difference to it; empty: not sorted.
        reference_max_distance: [rad or m], largest joint difference to the reference; 0 = any.
        tip_frame: Frame that the targets place, rigidly attached to the model's tip; "" = the tip.
        tip_offset: (7,) T_frame_tool of the placed tool; a zero quaternion is the identity.
        avoid_self_collision: Leave out rows in which the robot collides with itself.
        timeout: [s] after which the rows found so far are returned; 0 = none.
        obstacles: Solids in the root frame to keep off, each as an objectives file writes it.
        obstacle_margin: [m], rows nearer than this to an obstacle are left out.
    """

    targets: np.ndarray = _empty(0, 7)
    context: np.ndarray = _empty(0)
    num_samples: int = 1
    seed: int = 0
    temperature: float = 0.0
    refine: bool = False
    position_tolerance: float = 0.0
    orientation_tolerance: float = 0.0
    distinct_tolerance: float = 0.2
    reference: np.ndarray = _empty(0)
    reference_max_distance: float = 0.0
    tip_frame: str = ""
    tip_offset: np.ndarray = _empty(7)
    avoid_self_collision: bool = False
    timeout: float = 0.0
    obstacles: tuple[Mapping[str, object], ...] = ()
    obstacle_margin: float = 0.0

    def check(self, max_num_samples: int, num_joints: int) -> None:
        """Check every field but the targets and the context, which depend on the model.

        Raises:
            RequestError: It names the field, the value and what was expected.
        """
        if not 1 <= self.num_samples <= max_num_samples:
            raise RequestError("num_samples", self.num_samples, f"1 to {max_num_samples}")
        if not 0 <= self.seed < 2**64:
            raise RequestError("seed", self.seed, "0 (fresh) to 2**64 - 1")
        if self.temperature != 0.0 and not COLDEST <= self.temperature <= HOTTEST:
            expected = f"{COLDEST} to {HOTTEST}, or 0 for 1, as trained"
            raise RequestError("temperature", self.temperature, expected)
        for name in ("position_tolerance", "orientation_tolerance", "distinct_tolerance"):
            self._check_not_negative(name)
        self._check_not_negative("reference_max_distance")
        self._check_not_negative("timeout")
        self._check_not_negative("obstacle_margin")
        if self.obstacle_margin > 0.0 and not self.obstacles:
            expected = "0 as long as obstacles is empty"
            raise RequestError("obstacle_margin", self.obstacle_margin, expected)
        reference = np.asarray(self.reference, dtype=np.float64)
        if reference.size and reference.shape != (num_joints,):
            expected = f"no number or {num_joints}, one for each joint"
            raise RequestError("reference", f"{reference.size} numbers", expected)
        if not np.isfinite(reference).all():
            raise RequestError("reference", reference.tolist(), "finite numbers [rad or m]")
        if self.reference_max_distance > 0.0 and not reference.size:
            expected = "0 as long as reference is empty"
            raise RequestError("reference_max_distance", self.reference_max_distance, expected)

    def from_wire(self, robot: RobotModel) -> Self:
        """Return the request with its reference in the chart, see `wire_rows`.

        Raises:
            RequestError: the reference has another width, or its quaternion is none.
        """
        reference = np.asarray(self.reference, dtype=np.float64)
        if not (reference.size and robot.floating_base):
            return self
        try:
            return replace(self, reference=from_wire(robot, reference, "reference"))
        except InvalidInput as error:
            raise RequestError("reference", error.value, error.expected) from None

    def _check_not_negative(self, name: str) -> None:
        value = getattr(self, name)
        if not 0.0 <= value < float("inf"):
            raise RequestError(name, value, "a finite number >= 0")


@dataclass(frozen=True)
class SampleAnswer:
    """Configurations found, N rows, target after target.

    Attributes:
        model_digest: Digest of the model that answered.
        joint_names: (nq,) names of the columns of `positions`.
        counts: (B,) uint32, rows of each target; N is their sum.
        positions: (N, nq) configurations inside the joint limits [rad, m].
        log_prob: (N,) log density of the row as returned; NaN where no model drew it.
        seed_log_prob: (N,) log density of the draw before it was refined; NaN likewise.
        component: (N,) uint32, mixture component of the draw.
        position_error: (N,) [m]; NaN where the model has no pose.
        orientation_error: (N,) [rad]; NaN where the model has no orientation.
        iterations: (N,) uint32, iterations of the refiner; 0 = not refined.
        converged: (N,) bool, both errors within their tolerances.
        source: (N,) uint8, a `Source`.
        target_status: (B,) uint8, a `TargetStatus`.
        target_msg: B lines, "" where there is nothing to say.
        elapsed: [s].
        checked: (B,) uint32, rows whose distance to the obstacles was measured.
        survived: (B,) uint32, those of them that keep the margin.
        ess: (B,) effective number of the checked rows under their weights.
        log_weight: (N,) log density of the row under the obstacles' expert; 0 without obstacles.
        out_of_distribution: (B,) bool, whether the context is unlike those of the training.
        context_distance: (B,) distance to them, see `Novelty`; NaN where none were stored.
        context_distance_limit: Above it a context is unlike them; NaN likewise.
        redraw_rate: Part of the model's draws that lay outside the limits and were drawn again.
    """

    model_digest: str
    joint_names: tuple[str, ...]
    counts: np.ndarray
    positions: np.ndarray
    log_prob: np.ndarray
    seed_log_prob: np.ndarray
    component: np.ndarray
    position_error: np.ndarray
    orientation_error: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray
    source: np.ndarray
    target_status: np.ndarray
    target_msg: tuple[str, ...]
    elapsed: float
    checked: np.ndarray
    survived: np.ndarray
    ess: np.ndarray
    log_weight: np.ndarray
    out_of_distribution: np.ndarray
    context_distance: np.ndarray
    context_distance_limit: float
    redraw_rate: float

    def to_wire(self, robot: RobotModel) -> Self:
        """Return the answer with its rows as they stand outside, see `wire_rows`."""
        names = wire_names(self.joint_names)
        return replace(self, joint_names=names, positions=to_wire(robot, self.positions))


def check_poses(
    field_name: str, poses: np.ndarray, error: type[InvalidInput] = RequestError
) -> np.ndarray:
    """Return poses (B, 7) with unit quaternions.

    Raises:
        InvalidInput: A number is not finite, or a quaternion's norm is off 1 by more than 1e-3.
    """
    poses = np.array(poses, dtype=np.float64)
    if poses.ndim != 2 or poses.shape[1] != 7:
        raise error(field_name, f"shape {poses.shape}", "(B, 7): x y z qx qy qz qw")
    bad = ~np.isfinite(poses).all(axis=1)
    if bad.any():
        i = int(np.argmax(bad))
        raise error(f"{field_name}[{i}]", poses[i].tolist(), "finite numbers x y z qx qy qz qw")
    norm = np.linalg.norm(poses[:, 3:], axis=1)
    bad = np.abs(norm - 1.0) > 1e-3
    if bad.any():
        i = int(np.argmax(bad))
        expected = "a unit quaternion x y z w, its norm within 1e-3 of 1"
        raise error(f"{field_name}[{i}].orientation", poses[i, 3:].tolist(), expected)
    poses[:, 3:] /= norm[:, None]
    return poses
