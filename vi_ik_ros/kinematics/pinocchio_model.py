# SPDX-License-Identifier: Apache-2.0
"""A pinocchio model without the locked joints, refused early where it is not supported."""

import math
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pinocchio as pin

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.chains.joint_tree import TreeJoint
from vi_ik_ros.kinematics.robot_description import RobotDescription
from vi_ik_ros.kinematics.urdf_tree import MOVING_TYPES, UrdfJoint, UrdfTree, suggest

_STDERR_LOCK = threading.Lock()  # file descriptor 2 belongs to the process


def full_model(urdf_text: str, description: RobotDescription) -> pin.Model:
    """Build the model of all joints, locked ones too; the base is joint 1 if it floats.

    Raises:
        RobotError: If pinocchio refuses the URDF.
    """
    base = (pin.JointModelFreeFlyer(),) if description.floating_base else ()
    with _captured_stderr() as captured:
        try:
            return pin.buildModelFromXML(urdf_text, *base)
        except (ValueError, RuntimeError) as error:
            reasons = [line.strip() for line in captured() if line.startswith("Error:")]
            reason = " ".join(reasons[0].removeprefix("Error:").split()) if reasons else error
    raise RobotError("robot", description.name, f"a URDF that pinocchio can read ({reason})")


@contextmanager
def _captured_stderr() -> Iterator[Callable[[], list[str]]]:
    """Keep what the URDF library prints out of the terminal; its lines are read by a call."""
    with _STDERR_LOCK, tempfile.TemporaryFile() as file:
        original = os.dup(2)
        os.dup2(file.fileno(), 2)

        def lines() -> list[str]:
            file.seek(0)
            return file.read().decode(errors="replace").splitlines()

        try:
            yield lines
        finally:
            os.dup2(original, 2)
            os.close(original)


def lock_joints(
    full: pin.Model, locked: dict[str, float], geometry: pin.GeometryModel | None = None
) -> tuple[pin.Model, pin.GeometryModel]:
    """Take the locked joints out of a model and its geometry.

    Args:
        full: The model of all joints.
        locked: Joint name to value [rad or m].
        geometry: Geometry of `full`; none is the same as empty.
    """
    q, ids = pin.neutral(full), [full.getJointId(name) for name in locked]
    for joint_id, value in zip(ids, locked.values(), strict=True):
        start, turns = full.idx_qs[joint_id], full.nqs[joint_id] == 2
        q[start : start + 1 + turns] = [math.cos(value), math.sin(value)] if turns else [value]
    model, geometries = pin.buildReducedModel(full, [geometry or pin.GeometryModel()], ids, q)
    return model, geometries[0]


def locked_values(urdf: UrdfTree, description: RobotDescription) -> dict[str, float]:
    """Check which joints are locked and that the free ones are supported.

    A joint that mimics a locked one is locked with it.

    Returns:
        Joint name to value [rad or m], in tree order.

    Raises:
        RobotError: If a joint cannot be locked or used, or none is free.
    """
    moving = {joint.name: joint for joint in urdf.joints if joint.type != "fixed"}
    for name, value in description.locked.items():
        if name not in moving:
            expected = f"a moving joint, {suggest(name, tuple(moving))}"
            raise RobotError("robot.locked", name, expected)
        _refuse_outside(f"robot.locked.{name}", value, moving[name])
    locked = dict(description.locked)
    for joint in moving.values():
        if joint.name not in locked and joint.mimic and joint.mimic[0] in description.locked:
            source, multiplier, offset = joint.mimic
            locked[joint.name] = multiplier * description.locked[source] + offset
    free = [joint for joint in moving.values() if joint.name not in locked]
    for joint in moving.values():
        _refuse_unsupported(joint, free=joint.name not in locked)
    if not free:
        raise RobotError("robot", description.name, "a URDF with at least one unlocked joint")
    return {name: locked[name] for name in moving if name in locked}


def ready_posture(joints: Sequence[TreeJoint], description: RobotDescription) -> np.ndarray:
    """Read the ready posture of the free joints, the middle of the range where none is given.

    Raises:
        RobotError: If it names another joint or leaves the limits.
    """
    names = [joint.name for joint in joints]
    for name in description.ready:
        if name not in names:
            raise RobotError("robot.ready", name, f"an unlocked joint, {suggest(name, names)}")
    values = []
    for joint in joints:
        value = description.ready.get(joint.name, 0.5 * (joint.lower + joint.upper))
        _refuse_outside(f"robot.ready.{joint.name}", value, joint)
        values.append(value)
    return np.array(values)


def _refuse_unsupported(joint: UrdfJoint, *, free: bool) -> None:
    """Refuse a joint that has no coordinate in a configuration."""
    field = f"joint {joint.name}"
    if joint.type not in MOVING_TYPES:
        supported = ", ".join(MOVING_TYPES)
        raise RobotError(field, f"type {joint.type}", f"{supported} or fixed")
    if free and joint.mimic:
        expected = "a joint of its own; lock it with `locked`"
        raise RobotError(field, f"mimics {joint.mimic[0]}", expected)
    if free and not (math.isfinite(joint.lower) and math.isfinite(joint.upper)):
        limits = f"limits {joint.lower} .. {joint.upper}"
        raise RobotError(field, limits, "finite limits, type continuous, or lock it with `locked`")


def _refuse_outside(field: str, value: float, joint: UrdfJoint | TreeJoint) -> None:
    """Refuse a value outside a joint's limits."""
    if joint.type != "continuous" and not joint.lower - 1e-9 <= value <= joint.upper + 1e-9:
        raise RobotError(field, value, f"a value in {joint.lower} .. {joint.upper}")
