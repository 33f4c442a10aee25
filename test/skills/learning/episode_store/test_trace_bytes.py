# SPDX-License-Identifier: Apache-2.0
from dataclasses import fields

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.trace import Recorder
from vi_ik_ros.skills.learning.episode_store.trace_bytes import trace_from_bytes, trace_to_bytes


def test_every_bit_comes_back(runs):
    trace = runs.drawn_trace()
    again = trace_from_bytes(trace_to_bytes(trace))
    assert again.digest() == trace.digest()
    for one in fields(trace):
        was, now = getattr(trace, one.name), getattr(again, one.name)
        assert (was.dtype, was.shape) == (now.dtype, now.shape)


def test_empty_course_comes_back():
    trace = Recorder().trace()
    assert trace_from_bytes(trace_to_bytes(trace)).raw_wrenches.shape == (0, 6)


def test_smooth_courses_become_smaller(runs):
    trace = runs.drawn_trace(n=500, m=1700)
    flat = type(trace)(**{one.name: np.zeros((500, 6)) for one in fields(trace)})
    assert len(trace_to_bytes(flat)) < 0.02 * 8 * 500 * 6 * 8


def test_damaged_bytes_are_refused(runs):
    data = bytearray(trace_to_bytes(runs.drawn_trace(n=50)))
    with pytest.raises(InvalidInput, match=r"expected a whole \.npz"):
        trace_from_bytes(bytes(data[:-40]))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(InvalidInput, match="trace: got"):
        trace_from_bytes(bytes(data))


def test_any_damaged_byte_is_refused_or_of_no_effect(runs):
    trace = runs.drawn_trace(n=2, m=2)
    whole, rng, refused = trace_to_bytes(trace), np.random.default_rng(0), 0
    for place in range(0, len(whole), 5):
        data = bytearray(whole)
        data[place] ^= int(rng.integers(1, 256))
        try:
            trace_from_bytes(bytes(data))
        except InvalidInput:
            refused += 1
    assert refused > len(whole) / 10
