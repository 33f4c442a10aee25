# SPDX-License-Identifier: Apache-2.0
from vi_ik_ros.nodes.robot.loop.steady_stamps import SteadyStamps

EPOCH = 1_795_000_000_000_000_000


def test_stamps_are_even_whenever_they_are_asked_for():
    stamps = SteadyStamps()
    first = stamps.at(5.0, 5.0, EPOCH)
    assert first == EPOCH
    assert stamps.at(5.02, 5.031, EPOCH + 33_000_000) == first + 20_000_000


def test_a_clock_that_was_set_is_followed():
    stamps = SteadyStamps()
    stamps.at(5.0, 5.0, EPOCH)
    assert stamps.at(6.0, 6.0, EPOCH + 3_600 * 10**9) == EPOCH + 3_600 * 10**9
