# SPDX-License-Identifier: Apache-2.0
"""What the controller says of itself on port 1104: 173 bytes, 50 times a second."""

import struct
from dataclasses import dataclass
from enum import IntFlag, StrEnum

import numpy as np

from vi_ik_ros.skills.plants.comau.wire.units import (
    angles_from_controller,
    angles_to_controller,
    pose_from_controller,
    pose_to_controller,
)

# time, status, selector, sensor type, joints, pose, inputs, outputs, errors, mask, joint types
LAYOUT = struct.Struct("<ic2i10f6f6i6i2i10i")
_LARGEST = 1e6  # [mm or deg]: no axis and no pose of an arm is beyond


class ControllerStatus(StrEnum):
    """What the motion program does."""

    TERMINATED = "T"
    CANCELLING = "C"
    READY = "R"
    MOVING = "M"
    RESUMING = "I"
    PAUSED = "P"
    SUCCEEDED = "S"
    ERROR = "E"


class ControllerErrors(IntFlag):
    """Bits of the error number."""

    STATE_ACCEPT = 0x1  # the address was in use
    COMMAND_ACCEPT = 0x2
    MOTION_ACCEPT = 0x4
    STATE_WRITE = 0x8
    COMMAND_READ_NOT_CONNECTED = 0x10
    MOTION_READ_NOT_CONNECTED = 0x20
    COMMAND_READ_DISCONNECTED = 0x40
    MOTION_READ_DISCONNECTED = 0x80
    COMMAND_READ_CANCELLED = 0x100
    MOTION_READ_CANCELLED = 0x200
    COMMAND_READ_TIMEOUT = 0x400
    MOTION_READ_TIMEOUT = 0x800
    STATE_DISCONNECT = 0x1000
    COMMAND_DISCONNECT = 0x2000
    MOTION_DISCONNECT = 0x4000
    SAFETY_GATE = 0x8000  # or an emergency stop from outside
    WRONG_MOTION = 0x10000  # the motion program failed
    ALARM = 0x20000
    DRIVE_OFF = 0x40000  # a motion was asked for while the drives or the program were off


class Selector(IntFlag):
    """Bits of the mode selector, as the controller's program sets them.

    The public client reads 0x1 as T1 and 0x2 as AUTO: one of the two is wrong.
    """

    AUTO = 0x1
    T1 = 0x2
    REMOTE = 0x4
    DRIVE_ON = 0x8
    START = 0x10  # the green button: the motion program runs


@dataclass(frozen=True)
class ControllerState:
    """One packet, in SI units.

    Attributes:
        time: of the controller's clock, in its own unit.
        status: what the motion program does.
        selector: mode, drives, start.
        sensor_type: as configured last.
        q: (10,) joint angles [rad], all of them turning joints.
        T_base_flange: (4, 4).
        inputs, outputs: (6,) states of the watched pins, -1 where none is.
        errors: what went wrong.
        joint_mask: one bit for each joint that the arm has.
        joint_types: (10,) 0 turns, 1 slides, -1 is not there.
    """

    time: int
    status: ControllerStatus
    selector: Selector
    sensor_type: int
    q: np.ndarray
    T_base_flange: np.ndarray
    errors: ControllerErrors = ControllerErrors(0)
    inputs: tuple[int, ...] = (-1,) * 6
    outputs: tuple[int, ...] = (-1,) * 6
    joint_mask: int = 0x3F
    joint_types: tuple[int, ...] = (0,) * 6 + (-1,) * 4


def decode_state(packet: bytes) -> ControllerState:
    """Read one packet.

    Raises:
        ValueError: if the bytes cannot be a state: shifted by a lost one, or corrupted.
    """
    time, status, selector, sensor_type, *rest = LAYOUT.unpack(packet)
    numbers = np.array(rest[:16], dtype=np.float64)
    pins, (errors, mask), types = rest[16:28], rest[28:30], rest[30:]
    if status not in _STATUS_BYTES:
        raise ValueError(f"status: got {status!r}, expected one of {' '.join(ControllerStatus)}")
    if not np.abs(numbers).max() < _LARGEST:  # not a number fails, too
        raise ValueError("joints and pose: got no numbers of an arm, expected [mm] and [deg]")
    known = [  # name, values, smallest, largest
        ("selector", [selector], 0, 0x1F),
        ("sensor type", [sensor_type], 0, 13),
        ("pin states", pins, -1, 1),
        ("error bits", [errors], 0, 0x7FFFF),
        ("joint types", types, -1, 1),
    ]
    for name, values, smallest, largest in known:
        if min(values) < smallest or max(values) > largest:
            raise ValueError(f"{name}: got {values}, expected {smallest} to {largest}")
    return ControllerState(
        time=time,
        status=ControllerStatus(status.decode("ascii")),
        selector=Selector(selector),
        sensor_type=sensor_type,
        q=angles_from_controller(numbers[:10]),
        T_base_flange=pose_from_controller(numbers[10:]),
        errors=ControllerErrors(errors),
        inputs=tuple(pins[:6]),
        outputs=tuple(pins[6:]),
        joint_mask=mask,
        joint_types=tuple(types),
    )


def encode_state(state: ControllerState) -> bytes:
    """Write one packet, as the controller does."""
    return LAYOUT.pack(
        state.time,
        state.status.encode("ascii"),
        state.selector,
        state.sensor_type,
        *angles_to_controller(state.q),
        *pose_to_controller(state.T_base_flange),
        *state.inputs,
        *state.outputs,
        state.errors,
        state.joint_mask,
        *state.joint_types,
    )


_STATUS_BYTES = frozenset(status.encode("ascii") for status in ControllerStatus)
