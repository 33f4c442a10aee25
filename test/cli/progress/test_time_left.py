# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.cli.progress.time_left import TimeLeft, duration


class Clock:
    """A clock that stands still until it is set."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_what_was_told_counts_down_and_is_not_known_once_it_is_used_up(clock):
    left = TimeLeft(clock)
    left.update(None, 30.0)
    clock.now += 10.0
    assert left.seconds == 20.0
    assert left.fraction == pytest.approx(1 / 3)
    clock.now += 21.0
    assert left.seconds is None and left.fraction is None
    assert left.elapsed == 31.0


def test_time_follows_from_the_share_and_the_time_so_far(clock):
    left = TimeLeft(clock)
    assert left.seconds is None
    left.update(0.0)
    assert left.seconds is None  # nothing is done yet
    clock.now += 20.0
    left.update(0.25)
    assert left.seconds == pytest.approx(60.0)
    clock.now += 15.0
    assert left.seconds == pytest.approx(45.0)
    assert left.fraction == 0.25


def test_what_was_done_before_is_not_taken_for_speed(clock):
    left = TimeLeft(clock)
    left.update(0.5)  # resumed
    clock.now += 10.0
    left.update(0.6)
    assert left.seconds == pytest.approx(40.0)


def test_what_is_told_wins_over_the_share(clock):
    left = TimeLeft(clock)
    left.update(0.0, 99.0)
    clock.now += 1.0
    left.update(0.5, 7.0)
    assert left.seconds == 7.0 and left.fraction == 0.5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89.0, "89 s"), (95.0, "2 min"), (5000.0, "83 min"), (12000.0, "3 h 20 min")],
)
def test_duration_is_written_in_one_unit_or_two(seconds, words):
    assert duration(seconds) == words
