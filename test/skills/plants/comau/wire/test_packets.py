# SPDX-License-Identifier: Apache-2.0
import struct

import numpy as np
import pytest

from vi_ik_ros.skills.plants.comau.wire.packets import (
    CartesianNode,
    CommandKind,
    JointNode,
    SensorSettings,
    cartesian_path_message,
    fly_message,
    initialize_command,
    joint_path_message,
    output_command,
    plain_command,
    sensor_command,
    tracking_message,
)

SENSOR = SensorSettings(
    type=7, conversion=1, gain=100, time=0, translation_limit=60, rotation_limit=12
)
NUMBERS = np.array([1.5, -2.0, 0.25, 0.5, 0.0, -1.0])  # floats of 32 bits hold them exactly
JOINTS = np.arange(10) * 0.5
ONE_FLOAT = bytes.fromhex("0000803f")  # 1.0, little endian


def test_a_deviation_is_29_bytes():
    message = tracking_message(258, NUMBERS)
    assert len(message) == 29
    assert message[:5] == b"\x02\x01\x00\x00S"
    assert struct.unpack("<6f", message[5:]) == tuple(NUMBERS)


def test_numbers_are_little_endian():
    assert tracking_message(0, np.array([1, 0, 0, 0, 0, 0]))[5:9] == ONE_FLOAT


def test_message_numbers_wrap():
    assert tracking_message(2**32 + 7, NUMBERS) == tracking_message(7, NUMBERS)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_joint_path_is_9_bytes_and_48_a_point(n):
    nodes = [JointNode(JOINTS + i, 10 + i, 10) for i in range(n)]
    message = joint_path_message(1, nodes)
    assert len(message) == 9 + 48 * n
    assert message[4:9] == b"T" + struct.pack("<i", n)
    for i in range(n):
        *degrees, speed, kind = struct.unpack_from("<10f2i", message, 9 + 48 * i)
        assert (degrees, speed, kind) == (list(JOINTS + i), 10 + i, 10)


@pytest.mark.parametrize("n", [1, 2])
def test_a_cartesian_path_is_9_bytes_and_36_a_point(n):
    message = cartesian_path_message(1, [CartesianNode(NUMBERS, 0.25, 50, 11)] * n)
    assert len(message) == 9 + 36 * n
    assert message[4:9] == b"C" + struct.pack("<i", n)
    assert struct.unpack_from("<6ff2i", message, 9) == (*NUMBERS, 0.25, 50, 11)


def test_a_flown_target_is_37_bytes():
    message = fly_message(1, 0.25, 5.0, NUMBERS)
    assert (len(message), message[4:5]) == (37, b"F")
    assert struct.unpack("<8f", message[5:]) == (0.25, 5.0, *NUMBERS)


@pytest.mark.parametrize("kind", [k for k in CommandKind if k.value not in "ICO"])
def test_a_plain_command_is_5_bytes(kind):
    assert plain_command(3, kind) == b"\x03\x00\x00\x00" + kind.value.encode()


def test_letters_of_commands_are_those_of_the_controller():
    assert sorted(kind.value for kind in CommandKind) == sorted("ISRXCOLUDT")


def test_the_first_command_is_81_bytes_and_watches_no_pin():
    message = initialize_command(1, True, SENSOR)
    assert (len(message), message[4:5]) == (81, b"I")
    verbose, *rest = struct.unpack("<19i", message[5:])
    assert (verbose, rest[:6], rest[6:]) == (1, [7, 1, 100, 0, 60, 12], [-1] * 12)


def test_sensor_settings_are_29_bytes():
    message = sensor_command(1, SENSOR)
    assert (len(message), message[4:5]) == (29, b"C")
    assert struct.unpack("<6i", message[5:]) == (7, 1, 100, 0, 60, 12)


def test_an_output_is_13_bytes():
    assert output_command(1, 80, True)[4:] == b"O" + struct.pack("<2i", 80, 1)
