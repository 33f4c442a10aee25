# SPDX-License-Identifier: Apache-2.0
"""A robot with its limits, frames and reference kinematics, by pinocchio."""

import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pinocchio as pin

from vi_ik_ros.exceptions import InvalidInput, RobotError
from vi_ik_ros.kinematics.chains.joint_tree import BASE_COORDINATES, WORLD, build_tree
from vi_ik_ros.kinematics.chains.serial_chain import SerialChain
from vi_ik_ros.kinematics.pinocchio_model import (
    full_model,
    lock_joints,
    locked_values,
    ready_posture,
)
from vi_ik_ros.kinematics.robot_description import RobotDescription, load_description
from vi_ik_ros.kinematics.urdf_tree import parse_urdf, suggest


class RobotModel:
    """A tree of revolute, prismatic and continuous joints on a fixed or floating base.

    A configuration q (nq,) holds the unlocked joints in the tree order of the URDF [rad or m], one
    angle in [-pi, pi) for a continuous joint. With a floating base six coordinates come first: the
    base position in the world [m] and its rotation vector r [rad], where
    R_world_base = R_nominal @ exp(r). So nq == nv, and every Jacobian is the derivative by q.

    Attributes:
        name: Alias or file stem.
        spec: What the robot was loaded from: an alias, a path or a mapping.
        description: What that stands for.
        urdf_text: The URDF.
        locked: Joint name to value [rad or m] of the joints that are no part of q.
        tree: Free joints and frames as plain arrays.
        joint_names: Name of each coordinate; base_x, base_y, base_z, base_rx, base_ry, base_rz
            are those of a floating base.
        nq, nv: Number of coordinates.
        lower, upper: (nq,) limits.
        continuous: (nq,) bool.
        floating_base: Whether the base moves.
        root, tip: Default frames of every method.
        frame_names: Links in tree order, after `world` if the base floats.
        ready: (nq,) a usual posture.
        digest: SHA-256 of joint names, types, placements and limits, rounded to 1e-9.
        pinocchio_model: The model, without locked joints.
    """

    @classmethod
    def load(
        cls,
        spec: str | Path | Mapping | RobotDescription,
        root: str | None = None,
        tip: str | None = None,
    ) -> "RobotModel":
        """Load a robot.

        Args:
            spec: See `load_description`.
            root: A link to use in place of the description's.
            tip: The same.

        Raises:
            RobotError: If the description, its URDF or a name in it cannot be used.
        """
        return cls(load_description(spec), root=root, tip=tip)

    def __init__(
        self, description: RobotDescription, root: str | None = None, tip: str | None = None
    ) -> None:
        """Build the model; see `load`."""
        self.description, self.name = description, description.name
        self.spec = description.spec
        self.urdf_text = description.read_urdf()
        urdf = parse_urdf(self.urdf_text, str(description.urdf)[:80])
        self.locked = locked_values(urdf, description)
        model, _ = lock_joints(full_model(self.urdf_text, description), self.locked)
        self.pinocchio_model = model
        self.tree = build_tree(model, urdf, description)
        self.digest = self.tree.digest()
        self.floating_base = description.floating_base is not None
        self._set_coordinates()
        self.frame_names = tuple(self.tree.frames)
        self.root = self._known_frame("root", root or description.root or self.tree.root)
        self.tip = self._known_frame("tip", tip or description.tip or self.tree.tip)
        self._local = threading.local()  # pinocchio's work space, one for each thread

    def _set_coordinates(self) -> None:
        """Set everything that has one entry for each coordinate."""
        joints, base, model = self.tree.joints, self.description.floating_base, self.pinocchio_model
        self.joint_names = tuple(joint.name for joint in joints)
        self.lower = np.array([joint.lower for joint in joints])
        self.upper = np.array([joint.upper for joint in joints])
        self.ready = ready_posture(joints, self.description)
        self.continuous = np.array([joint.type == "continuous" for joint in joints])
        if base is not None:
            middle = np.array([*base.nominal_pose[:3], 0.0, 0.0, 0.0])
            half = np.repeat([base.position_range, base.rotation_range], 3)
            self.joint_names = BASE_COORDINATES + self.joint_names
            self.lower = np.concatenate([middle - half, self.lower])
            self.upper = np.concatenate([middle + half, self.upper])
            self.ready = np.concatenate([middle, self.ready])
            self.continuous = np.concatenate([np.zeros(6, dtype=bool), self.continuous])
        self.nq = self.nv = len(self.joint_names)
        ids = [model.getJointId(joint.name) for joint in joints]
        self._idx_q, self._idx_v = np.array(model.idx_qs)[ids], np.array(model.idx_vs)[ids]
        self._turning = self.continuous[self.tree.num_base :]

    def forward(self, q: np.ndarray, frame: str | None = None) -> np.ndarray:
        """Compute T_root_frame.

        Args:
            q: Configuration (nq,) or configurations (B, nq).
            frame: A link; the tip by default.

        Returns:
            (4, 4) or (B, 4, 4).
        """
        frame_id, root_id = self._frame_id(frame or self.tip), self._frame_id(self.root)
        model, data = self.pinocchio_model, self._data()
        q_pin = np.atleast_2d(self.to_pinocchio(q))
        T = np.empty((len(q_pin), 4, 4))
        for row, configuration in zip(T, q_pin, strict=True):
            pin.forwardKinematics(model, data, configuration)
            T_world_root = pin.updateFramePlacement(model, data, root_id).copy()
            T_world_frame = pin.updateFramePlacement(model, data, frame_id)
            row[:] = T_world_root.actInv(T_world_frame).homogeneous
        return T if np.ndim(q) == 2 else T[0]

    def jacobian(self, q: np.ndarray, frame: str | None = None) -> np.ndarray:
        """Compute the derivative of a frame's motion by q.

        Args:
            q: Configuration (nq,).
            frame: A link; the tip by default.

        Returns:
            (6, nv): linear, then angular velocity of the frame in the root frame, axes of the root.
        """
        J_frame, T_world_frame = self._world_jacobian(q, frame or self.tip)
        J_root, T_world_root = self._world_jacobian(q, self.root)
        J = J_frame - J_root
        arm = T_world_frame.translation - T_world_root.translation
        J[:3] -= np.cross(J_root[3:].T, arm).T
        R = T_world_root.rotation
        return np.concatenate([R.T @ J[:3], R.T @ J[3:]])

    def center_of_mass(self, q: np.ndarray) -> np.ndarray:
        """Compute the centre of mass (3,) of all moving links in the root frame [m].

        Links that are fixed to the world (the base link of an arm) do not count, as in pinocchio.
        """
        model, data = self.pinocchio_model, self._data()
        p_world = pin.centerOfMass(model, data, self.to_pinocchio(q), False).copy()
        T_world_root = pin.updateFramePlacement(model, data, self._frame_id(self.root))
        return T_world_root.actInv(p_world)

    def rigid_transform(self, frame_a: str, frame_b: str) -> np.ndarray:
        """Compute T_a_b (4, 4) of two links with no free joint between them.

        Raises:
            RobotError: If a joint moves one against the other, or a name is unknown.
        """
        (joint_a, T_joint_a), (joint_b, T_joint_b) = self.frame(frame_a), self.frame(frame_b)
        if joint_a != joint_b:
            attached = [name for name, (joint, _) in self.tree.frames.items() if joint == joint_a]
            expected = f"a frame rigidly attached to {frame_a}: {', '.join(attached)}"
            raise RobotError("frame", frame_b, expected)
        return np.linalg.inv(T_joint_a) @ T_joint_b

    def serial_chain(self, tip: str | None = None, root: str | None = None) -> SerialChain:
        """Extract the path of joints from `root` to `tip`.

        Raises:
            RobotError: If no joint or the floating base lies on the path, or a name is unknown.
        """
        root, tip = root or self.root, tip or self.tip
        return self.tree.serial_chain(
            self._known_frame("root", root), self._known_frame("tip", tip)
        )

    def frame(self, name: str) -> tuple[int, np.ndarray]:
        """Say where a link is attached.

        Returns:
            Index in `tree.joints`, BASE or WORLD, and T_joint_link (4, 4).

        Raises:
            RobotError: If there is no such link.
        """
        return self.tree.frames[self._known_frame("frame", name)]

    def to_pinocchio(self, q: np.ndarray) -> np.ndarray:
        """Convert configurations (..., nq) to pinocchio's q (..., model.nq)."""
        q, turning = self._checked(q), self._turning
        joints = q[..., self.tree.num_base :]
        q_pin = np.empty((*q.shape[:-1], self.pinocchio_model.nq))
        q_pin[..., self._idx_q[~turning]] = joints[..., ~turning]
        q_pin[..., self._idx_q[turning]] = np.cos(joints[..., turning])
        q_pin[..., self._idx_q[turning] + 1] = np.sin(joints[..., turning])
        if self.floating_base:
            q_pin[..., :3] = q[..., :3]
            for index in np.ndindex(q.shape[:-1]):
                R = self.tree.T_world_nominal[:3, :3] @ pin.exp3(q[index][3:6])
                q_pin[index][3:7] = pin.Quaternion(R).coeffs()
        return q_pin

    def from_pinocchio(self, q_pin: np.ndarray) -> np.ndarray:
        """Convert pinocchio's q (..., model.nq) to configurations (..., nq)."""
        q_pin, turning = np.asarray(q_pin, dtype=np.float64), self._turning
        q = np.empty((*q_pin.shape[:-1], self.nq))
        joints = q[..., self.tree.num_base :]
        joints[...] = q_pin[..., self._idx_q]
        sine = q_pin[..., self._idx_q[turning] + 1]
        joints[..., turning] = wrap(np.arctan2(sine, joints[..., turning]))
        if self.floating_base:
            q[..., :3] = q_pin[..., :3]
            for index in np.ndindex(q.shape[:-1]):
                R = pin.Quaternion(q_pin[index][3:7]).normalized().toRotationMatrix()
                q[index][3:6] = pin.log3(self.tree.T_world_nominal[:3, :3].T @ R)
        return q

    def within_limits(self, q: np.ndarray, tolerance: float = 1e-9) -> np.ndarray:
        """Tell which configurations (B, nq) keep all limits; one with a NaN never does.

        Returns:
            (B,) bool. A continuous joint has no limit, so any finite angle of it passes.
        """
        q = np.atleast_2d(self._checked(q))
        inside = (q >= self.lower - tolerance) & (q <= self.upper + tolerance)
        return (np.isfinite(q) & (inside | self.continuous)).all(axis=1)

    def _world_jacobian(self, q: np.ndarray, frame: str) -> tuple[np.ndarray, pin.SE3]:
        """Compute a frame's (6, nv) Jacobian in world axes, and T_world_frame."""
        model, data, frame_id = self.pinocchio_model, self._data(), self._frame_id(frame)
        axes = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
        J_pin = pin.computeFrameJacobian(model, data, self.to_pinocchio(q), frame_id, axes)
        J = np.empty((6, self.nv))
        J[:, self.tree.num_base :] = J_pin[:, self._idx_v]
        if self.floating_base:  # from pinocchio's twist of the base in its own axes to our chart
            r = np.asarray(q, dtype=np.float64)[3:6]
            R_world_base = self.tree.T_world_nominal[:3, :3] @ pin.exp3(r)
            J[:, :3], J[:, 3:6] = J_pin[:, :3] @ R_world_base.T, J_pin[:, 3:6] @ pin.Jexp3(r)
        return J, pin.updateFramePlacement(model, data, frame_id).copy()

    def _data(self) -> pin.Data:
        """Return this thread's work space."""
        if not hasattr(self._local, "data"):
            self._local.data = self.pinocchio_model.createData()
        return self._local.data

    def _checked(self, q: np.ndarray) -> np.ndarray:
        """Return q as float64, with nq columns."""
        q = np.asarray(q, dtype=np.float64)
        if q.ndim == 0 or q.shape[-1] != self.nq:
            raise InvalidInput("q", f"shape {q.shape}", f"{self.nq} columns, one for each joint")
        return q

    def _known_frame(self, field: str, name: str) -> str:
        """Return a frame's name if it exists."""
        if name not in self.tree.frames:
            expected = f"a link of {self.name}, {suggest(name, tuple(self.tree.frames))}"
            raise RobotError(field, name, expected)
        return name

    def _frame_id(self, name: str) -> int:
        """Return pinocchio's index of a frame."""
        is_world = self.frame(name)[0] == WORLD
        return 0 if is_world else self.pinocchio_model.getFrameId(name, pin.FrameType.BODY)


def wrap(angle: np.ndarray) -> np.ndarray:
    """Wrap angles to [-pi, pi)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi
