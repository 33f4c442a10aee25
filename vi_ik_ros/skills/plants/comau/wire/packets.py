# SPDX-License-Identifier: Apache-2.0
"""What is sent to the controller, to the byte: motions (port 1101) and commands (port 1105).

Everything is little endian and packed. A message begins with a number of the sender's choice and
the letter of its kind. The layouts are those that the programs of the controller read.
"""

import struct
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum

import numpy as np

HEAD = struct.Struct("<Ic")
TRACKING = struct.Struct("<6f")  # x y z [mm], three rotations
LENGTH = struct.Struct("<i")
JOINT_NODE = struct.Struct("<10f2i")  # joints [deg], speed [%], move type
CARTESIAN_NODE = struct.Struct("<6ff2i")  # pose [mm, deg], speed [m/s], override [%], move type
FLY = struct.Struct("<2f6f")  # speed [m/s], distance [mm], joints [deg]
SENSOR = struct.Struct("<6i")
INITIALIZE = struct.Struct("<i6i6i6i")
OUTPUT = struct.Struct("<2i")

NUM_JOINTS = 10  # that a message has room for
NUM_PINS = 6
NO_PIN = -1


class MotionKind(StrEnum):
    """Letters of port 1101."""

    TRACKING = "S"
    JOINT_PATH = "T"
    CARTESIAN_PATH = "C"
    FLY = "F"


class CommandKind(StrEnum):
    """Letters of port 1105."""

    INITIALIZE = "I"
    START = "S"
    RESET = "R"
    CANCEL = "X"
    CONFIGURE_SENSOR = "C"
    SET_OUTPUT = "O"
    LOCK = "L"
    UNLOCK = "U"
    DISCONNECT = "D"
    TERMINATE = "T"


@dataclass(frozen=True)
class SensorSettings:
    """How the controller treats deviations, in its own units.

    Attributes:
        type: `$SENSOR_TYPE`.
        conversion: `$SENSOR_CNVRSN`, 1 for millimetres.
        gain: `$SENSOR_GAIN` [%].
        time: `$SENSOR_TIME` [ms].
        translation_limit: `$SENSOR_OFST_LIM[1]` [mm].
        rotation_limit: `$SENSOR_OFST_LIM[2]`, unit unverified.
    """

    type: int
    conversion: int
    gain: int
    time: int
    translation_limit: int
    rotation_limit: int


@dataclass(frozen=True)
class JointNode:
    """One point of a joint path.

    Attributes:
        degrees: (10,) [deg].
        speed: of the segment [% of full].
        move_type: how to get there, by the controller's number.
    """

    degrees: np.ndarray
    speed: int
    move_type: int


@dataclass(frozen=True)
class CartesianNode:
    """One point of a Cartesian path.

    Attributes:
        numbers: (6,) pose [mm, deg].
        linear_speed: [m/s].
        override: of the segment [%].
        move_type: how to get there, by the controller's number.
    """

    numbers: np.ndarray
    linear_speed: float
    override: int
    move_type: int


def tracking_message(number: int, deviation: np.ndarray) -> bytes:
    """Pack one deviation (6,) in the controller's units: 29 bytes."""
    return _head(number, MotionKind.TRACKING) + TRACKING.pack(*deviation)


def joint_path_message(number: int, nodes: Sequence[JointNode]) -> bytes:
    """Pack a joint path: 9 + 48 n bytes."""
    packed = [JOINT_NODE.pack(*node.degrees, node.speed, node.move_type) for node in nodes]
    return _head(number, MotionKind.JOINT_PATH) + LENGTH.pack(len(nodes)) + b"".join(packed)


def cartesian_path_message(number: int, nodes: Sequence[CartesianNode]) -> bytes:
    """Pack a Cartesian path: 9 + 36 n bytes."""
    packed = [
        CARTESIAN_NODE.pack(*node.numbers, node.linear_speed, node.override, node.move_type)
        for node in nodes
    ]
    return _head(number, MotionKind.CARTESIAN_PATH) + LENGTH.pack(len(nodes)) + b"".join(packed)


def fly_message(number: int, linear_speed: float, distance: float, degrees: np.ndarray) -> bytes:
    """Pack a joint target (6,) [deg] that is flown by: 37 bytes.

    Args:
        number: of the message.
        linear_speed: [m/s].
        distance: at which the target counts as passed [mm].
        degrees: (6,) [deg].
    """
    return _head(number, MotionKind.FLY) + FLY.pack(linear_speed, distance, *degrees)


def plain_command(number: int, kind: CommandKind) -> bytes:
    """Pack a command without data: 5 bytes."""
    return _head(number, kind)


def initialize_command(number: int, verbose: bool, sensor: SensorSettings) -> bytes:
    """Pack the first command of a session, no pins watched: 81 bytes."""
    pins = [NO_PIN] * (2 * NUM_PINS)
    data = INITIALIZE.pack(int(verbose), *astuple(sensor), *pins)
    return _head(number, CommandKind.INITIALIZE) + data


def sensor_command(number: int, sensor: SensorSettings) -> bytes:
    """Pack new sensor settings; the next deviation arms the tracking anew: 29 bytes."""
    return _head(number, CommandKind.CONFIGURE_SENSOR) + SENSOR.pack(*astuple(sensor))


def output_command(number: int, pin: int, on: bool) -> bytes:
    """Pack the new state of a digital output: 13 bytes."""
    return _head(number, CommandKind.SET_OUTPUT) + OUTPUT.pack(pin, int(on))


def _head(number: int, kind: StrEnum) -> bytes:
    return HEAD.pack(number & 0xFFFFFFFF, kind.encode("ascii"))
