# SPDX-License-Identifier: Apache-2.0
"""How much room an arm has left while its tool goes to every pose of a region."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.vectors.rotation_vectors import exp_so3, log_so3
from vi_ik_ros.skills.plants.wrapped.joint_tracker import JointTracker
from vi_ik_ros.skills.plants.wrapped.jointed_plant import OFF

EQUAL = 3  # decimal places of the room that tell starts apart
STEPS = 4  # of the straight way to a pose; its joints are followed, as a robot interface does


@dataclass(frozen=True)
class Margins:
    """The room of starting configurations, one entry (N,) each; the worst over all poses.

    Attributes:
        joint: smallest distance of a joint to a limit [rad or m], negative beyond it.
        singular_value: smallest one of the Jacobian [m, rad].
        clearance: smallest distance of two links [m], negative where they touch.
        reached: share of the poses that the arm gets to within its limits, [0, 1].
    """

    joint: np.ndarray
    singular_value: np.ndarray
    clearance: np.ndarray
    reached: np.ndarray

    def room(self, needed: "Needed") -> np.ndarray:
        """Return the scarcest margin (N,) as a multiple of what is needed; 1 is just enough.

        A pose that is out of reach leaves no room at all.
        """
        parts = [
            self.joint / needed.joint,
            self.singular_value / needed.singular_value,
            self.clearance / needed.clearance,
        ]
        scarcest = np.min(parts, axis=0)
        return np.where(self.reached < 1.0, np.minimum(0.0, scarcest), scarcest)

    def best(self, needed: "Needed") -> int:
        """Return the start whose scarcest margin is the largest, of equal ones the freest joints.

        Raises:
            InvalidInput: there is none, or none has what is needed.
        """
        expected = f"one with {needed.joint:g} rad to every limit, singular values of "
        expected += f"{needed.singular_value:g} and {1e3 * needed.clearance:g} mm between links"
        if not len(self.joint):
            raise InvalidInput("start postures", "none", expected)
        room = self.room(needed)
        best = int(np.lexsort((self.joint, room.round(EQUAL)))[-1])
        if room[best] < 1.0:
            has = f"{len(room)}, the best with {self.joint[best]:.3f} rad, singular value "
            has += f"{self.singular_value[best]:.3f}, {1e3 * self.clearance[best]:.0f} mm, "
            has += f"{100.0 * self.reached[best]:.0f} % of the poses"
            raise InvalidInput("start postures", has, expected)
        return best


@dataclass(frozen=True)
class Needed:
    """What a start must leave everywhere.

    Attributes:
        joint: to every limit [rad or m].
        singular_value: of the Jacobian [m, rad].
        clearance: between links [m].
    """

    joint: float = 0.05
    singular_value: float = 0.05
    clearance: float = 0.01

    def __post_init__(self) -> None:
        """Refuse what margins cannot be multiples of."""
        for name in ("joint", "singular_value", "clearance"):
            value = getattr(self, name)
            if not 0.0 < value < np.inf:
                raise InvalidInput(name, value, "a number above 0")


def margins(robot: RobotModel, q: np.ndarray, poses: np.ndarray) -> Margins:
    """Follow continuous inverse kinematics from each start to each pose.

    Args:
        robot: the arm; its tip is what the poses are of.
        q: (N, nq) starting configurations [rad or m].
        poses: (P, 4, 4) of the tip in the base.
    """
    collision = SelfCollision(robot)
    rows = np.array([_margins(robot, collision, start, poses) for start in q])  # (N, 4)
    return Margins(*rows.reshape(-1, 4).T)


def _margins(
    robot: RobotModel, collision: SelfCollision, start: np.ndarray, poses: np.ndarray
) -> tuple[float, float, float, float]:
    """Return the margins of one start (nq,)."""
    joint, singular, count, ends = np.inf, np.inf, 0, []
    for pose in poses:
        tracker, reached, limits = JointTracker(robot, start), True, np.inf
        for T in way(robot.forward(start), pose):
            distance, angle = tracker.follow(T)
            reached = reached and distance <= OFF[0] and angle <= OFF[1]
            limits = min(limits, _to_limits(robot, tracker.q))
            singular = min(singular, tracker.least_singular_value())
        joint, count = min(joint, limits), count + (reached and limits >= 0.0)
        ends.append(tracker.q)
    clearance = float(collision.distance(np.array([start, *ends])).min())
    return joint, singular, clearance, count / max(len(poses), 1)


def way(T_from: np.ndarray, T_to: np.ndarray, num: int = STEPS) -> np.ndarray:
    """Return poses (num, 4, 4) on the straight way from one pose to another, its end included."""
    turn = log_so3(T_to[:3, :3] @ T_from[:3, :3].T)
    T = np.repeat(T_to[None], num, axis=0)
    for part, row in zip(np.linspace(0.0, 1.0, num + 1)[1:], T, strict=True):
        row[:3, :3] = exp_so3(part * turn) @ T_from[:3, :3]
        row[:3, 3] = T_from[:3, 3] + part * (T_to[:3, 3] - T_from[:3, 3])
    return T


def _to_limits(robot: RobotModel, q: np.ndarray) -> float:
    """Return the smallest distance of a joint to a limit; turning joints have none."""
    room = np.minimum(q - robot.lower, robot.upper - q)[~robot.continuous]
    return float(room.min(initial=np.inf))
