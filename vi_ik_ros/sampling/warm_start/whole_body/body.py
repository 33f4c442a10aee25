# SPDX-License-Identifier: Apache-2.0
"""A robot and its tasks as the arrays of the compiled loops."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.exceptions import InvalidInput, RobotError
from vi_ik_ros.kinematics.chains.joint_tree import BASE, WORLD
from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.whole_body import layout


@dataclass(frozen=True)
class FrameTask:
    """A frame that shall meet a target.

    Attributes:
        frame: A link.
        position_only: Whether its orientation is left open.
    """

    frame: str
    position_only: bool = False


@dataclass(frozen=True)
class Balance:
    """Half-planes w^T p <= b that the centre of mass p shall be in, in the axes of the root.

    Attributes:
        directions: (H, 3) outward unit normals w.
        upper: (H,) bounds b [m].
        relative_to: Frames whose middle p is measured from; none: the root's origin.
    """

    directions: np.ndarray
    upper: np.ndarray
    relative_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class WholeBody:
    """A robot with its tasks, ready to be refined.

    Attributes:
        robot: The robot.
        tasks: What has a target, in the order of the targets.
        coordinates, bodies, frames, parents, carriers, moves, half_planes, num_rows: See
            `refine_rows`; the frames of `tasks` come first.
    """

    robot: RobotModel
    tasks: tuple[FrameTask, ...]
    coordinates: np.ndarray
    bodies: np.ndarray
    frames: np.ndarray
    parents: np.ndarray
    carriers: np.ndarray
    moves: np.ndarray
    half_planes: np.ndarray
    num_rows: int

    @classmethod
    def build(
        cls, robot: RobotModel, tasks: Sequence[FrameTask], balance: Balance | None = None
    ) -> "WholeBody":
        """Lay out a robot and its tasks.

        Args:
            robot: The robot; its root must not move.
            tasks: At least one frame.
            balance: Where the centre of mass shall be; None: anywhere.

        Raises:
            RobotError: A frame is unknown or does not move.
            InvalidInput: There is no task.
        """
        if not tasks:
            raise InvalidInput("tasks", "none", "one frame or more")
        root_joint, T_joint_root = robot.frame(robot.root)
        if root_joint != (WORLD if robot.floating_base else BASE):
            raise RobotError("root", robot.root, "a frame that no joint moves")
        references = balance.relative_to if balance else ()
        names = [task.frame for task in tasks]
        names += [name for name in dict.fromkeys(references) if name not in names]
        places = [_place(robot, name) for name in names]
        frames = np.zeros((len(names), layout.FRAME_COLUMNS))
        for row, (_, T_joint_frame) in zip(frames, places, strict=True):
            row[:12] = T_joint_frame[:3].ravel()
        for name in references:
            frames[names.index(name), layout.REFERENCE] += 1.0 / len(references)
        for row, task in zip(frames, tasks, strict=False):
            row[layout.ROWS] = 3.0 if task.position_only else 6.0
        num_joints = len(robot.tree.joints)
        return cls(
            robot=robot,
            tasks=tuple(tasks),
            coordinates=_coordinates(robot),
            bodies=_bodies(robot, np.linalg.inv(T_joint_root)),
            frames=frames,
            parents=np.array([joint.parent for joint in robot.tree.joints], dtype=np.int64),
            carriers=np.array([num_joints if j == BASE else j for j, _ in places], dtype=np.int64),
            moves=np.array([_moved_by(robot, joint) for joint, _ in places]),
            half_planes=_half_planes(balance),
            num_rows=int(frames[:, layout.ROWS].sum()),
        )

    def self_collision(self) -> SelfCollision:
        """Read the collision geometry.

        Raises:
            RobotError: There is none that loads.
        """
        return SelfCollision(self.robot)


def _place(robot: RobotModel, name: str) -> tuple[int, np.ndarray]:
    """Return a frame's joint and placement, refused if nothing moves it."""
    joint, T_joint_frame = robot.frame(name)
    if joint == WORLD:
        raise RobotError("frame", name, "a frame that a joint or the floating base moves")
    return joint, T_joint_frame


def _moved_by(robot: RobotModel, joint: int) -> np.ndarray:
    """Return 1 for each coordinate that moves what is attached to a joint, else 0."""
    moves = np.zeros(robot.nq)
    moves[: robot.tree.num_base] = 1.0
    moves[np.array(robot.tree.ancestors(joint), dtype=np.int64) + robot.tree.num_base] = 1.0
    return moves


def _coordinates(robot: RobotModel) -> np.ndarray:
    """Return limits and kinds, (D, COLUMNS)."""
    rows, num_base = np.zeros((robot.nq, layout.COLUMNS)), robot.tree.num_base
    rows[:, layout.LOWER], rows[:, layout.UPPER] = robot.lower, robot.upper
    rows[: num_base // 2, layout.STRAIGHT] = 1.0
    prismatic = [joint.type == "prismatic" for joint in robot.tree.joints]
    rows[num_base:, layout.STRAIGHT] = prismatic
    rows[:, layout.CONTINUOUS] = robot.continuous
    return rows


def _bodies(robot: RobotModel, T_root_world: np.ndarray) -> np.ndarray:
    """Return placements and masses, (J + 1, BODY_COLUMNS)."""
    tree = robot.tree
    rows = np.zeros((len(tree.joints) + 1, layout.BODY_COLUMNS))
    masses = np.array([*(joint.mass for joint in tree.joints), tree.base_mass])
    shares = masses / max(masses.sum(), 1e-12)  # a robot without mass: centre at the root
    centers = np.array([*(joint.center for joint in tree.joints), tree.base_center])
    rows[:, layout.SHARE] = shares
    rows[:, layout.CENTER : layout.CENTER + 3] = shares[:, None] * centers
    for row, joint in zip(rows, tree.joints, strict=False):
        row[:12] = joint.T_parent_joint[:3].ravel()
    rows[-1, :12] = T_root_world[:3].ravel()
    nominal = tree.T_world_nominal[:3, :3]
    rows[-1, layout.NOMINAL : layout.NOMINAL + 9] = nominal.ravel()
    return rows


def _half_planes(balance: Balance | None) -> np.ndarray:
    """Return directions and bounds, (H, PLANE_COLUMNS)."""
    if balance is None:
        return np.zeros((0, layout.PLANE_COLUMNS))
    rows = np.zeros((len(balance.upper), layout.PLANE_COLUMNS))
    rows[:, :3], rows[:, layout.BOUND] = balance.directions, balance.upper
    return rows
