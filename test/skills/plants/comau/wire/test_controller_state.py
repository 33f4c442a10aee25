# SPDX-License-Identifier: Apache-2.0
import struct
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.skills.plants.comau.wire.controller_state import (
    LAYOUT,
    ControllerErrors,
    ControllerState,
    ControllerStatus,
    Selector,
    decode_state,
    encode_state,
)
from vi_ik_ros.skills.plants.comau.wire.units import pose_from_controller

STATE = ControllerState(
    time=1_700_000_000,
    status=ControllerStatus.MOVING,
    selector=Selector.AUTO | Selector.DRIVE_ON | Selector.START,
    sensor_type=7,
    q=np.deg2rad([0, 10, -90, 5, 90, -20, 0, 0, 0, 0]),
    T_base_flange=pose_from_controller([430, 10, 710, 12, 34, 56]),
    errors=ControllerErrors.SAFETY_GATE | ControllerErrors.DRIVE_OFF,
    inputs=(0, 1, -1, -1, -1, -1),
)


def test_a_state_is_173_bytes():
    assert LAYOUT.size == len(encode_state(STATE)) == 173


def test_fields_lie_where_the_controller_writes_them():
    packet = encode_state(STATE)
    assert packet[4:5] == b"M"
    assert struct.unpack_from("<2i", packet, 5) == (0x19, 7)
    np.testing.assert_allclose(struct.unpack_from("<10f", packet, 13)[:3], [0, 10, -90])
    pose = struct.unpack_from("<6f", packet, 53)
    np.testing.assert_allclose(pose, [430, 10, 710, 12, 34, 56], rtol=1e-5)
    assert struct.unpack_from("<6i", packet, 77) == STATE.inputs
    assert struct.unpack_from("<2i", packet, 125) == (0x48000, 0x3F)
    assert struct.unpack_from("<10i", packet, 133) == STATE.joint_types


def test_a_state_comes_back():
    back = decode_state(encode_state(STATE))
    np.testing.assert_allclose(back.q, STATE.q, atol=1e-6)
    np.testing.assert_allclose(back.T_base_flange, STATE.T_base_flange, atol=1e-6)
    same = {"q": STATE.q, "T_base_flange": STATE.T_base_flange}
    assert replace(back, **same) == replace(STATE, **same)


@pytest.mark.parametrize("status", list(ControllerStatus))
def test_every_status_comes_back(status):
    assert decode_state(encode_state(replace(STATE, status=status))).status is status


def test_letters_of_the_status_are_those_of_the_controller():
    assert {status.value for status in ControllerStatus} == set("TCRMIPSE")


def test_error_bits_are_those_of_the_controller():
    known = {"SAFETY_GATE": 0x8000, "WRONG_MOTION": 0x10000, "ALARM": 0x20000, "DRIVE_OFF": 0x40000}
    assert {name: ControllerErrors[name].value for name in known} == known
    assert sum(error.value for error in ControllerErrors) == 0x7FFFF  # no gap, no overlap


def test_the_controllers_own_program_swaps_the_mode_bits_of_its_client():
    assert (Selector.AUTO, Selector.T1) == (0x1, 0x2)


@pytest.mark.parametrize(
    ("offset", "bytes_", "name"),
    [
        (4, b"Q", "status"),
        (5, b"\xff\xff\xff\xff", "selector"),
        (9, struct.pack("<i", 99), "sensor type"),
        (13, struct.pack("<f", float("nan")), "joints and pose"),
        (53, struct.pack("<f", float("inf")), "joints and pose"),
        (53, struct.pack("<f", 1e30), "joints and pose"),
        (77, struct.pack("<i", 5), "pin states"),
        (125, struct.pack("<i", 1 << 24), "error bits"),
        (133, struct.pack("<i", -2), "joint types"),
    ],
)
def test_what_cannot_be_a_state_is_refused_by_name(offset, bytes_, name):
    packet = bytearray(encode_state(STATE))
    packet[offset : offset + len(bytes_)] = bytes_
    with pytest.raises(ValueError, match=name):
        decode_state(bytes(packet))


def test_random_bytes_are_no_state():
    rng = np.random.default_rng(0)
    for _ in range(200):
        with pytest.raises(ValueError):
            decode_state(rng.bytes(173))
