# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.nodes.robot.loop.lateness import Lateness


@pytest.mark.parametrize(
    ("begins", "late"),
    [
        ([0.0, 1.0, 2.0, 3.0], 0),
        ([0.0, 1.3, 2.4, 3.0], 0),
        ([0.0, 1.7, 2.0, 3.0], 1),
        ([0.0, 2.1, 3.0], 1),  # one was left out
        ([0.0, 3.8, 4.0], 3),  # two were left out, the third was late
        ([5.3, 6.0, 7.0, 8.0], 0),  # the first one was late itself
        ([5.3, 6.0, 8.05, 9.0, 10.0], 1),  # so that the others are not counted as late
    ],
)
def test_late_and_missing_periods_are_counted(begins, late):
    lateness = Lateness(0.02)
    for begin in begins:
        lateness.begin(100.0 + 0.02 * begin)
    assert lateness.late == late


def test_periods_are_due_at_even_times_even_if_one_is_left_out():
    lateness = Lateness(0.02)
    due = [lateness.begin(now) for now in (0.0, 0.031, 0.041, 0.085, 0.1)]
    assert due == pytest.approx([0.0, 0.02, 0.04, 0.08, 0.1])


def test_the_longest_delay_is_kept():
    lateness = Lateness(0.02)
    for now in (0.0, 0.025, 0.04):
        lateness.begin(now)
    assert lateness.worst == pytest.approx(0.005)
