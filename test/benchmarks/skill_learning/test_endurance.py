# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.benchmarks.skill_learning import endurance
from vi_ik_ros.benchmarks.skill_learning.endurance import Endured, contradictions, endure
from vi_ik_ros.skills.learning.optimizer import Recommendation, Suggestion


class Fragile:
    """Breaks down or loses its numbers from some number of episodes on."""

    def __init__(self, breaks_at, loses_at):
        self.breaks_at, self.loses_at, self.seen = breaks_at, loses_at, 0

    def observe(self, outcome):
        self.seen += 1

    def suggest(self):
        if self.seen >= self.breaks_at:
            raise RuntimeError("singular")
        return Suggestion(np.zeros(3), 0.5, "fixed")

    def recommend(self, required_probability):
        x = np.full(3, np.nan if self.seen >= self.loses_at else 0.5)
        return Recommendation(x, 0.5, 0.5, False)


def test_points_repeat_exactly_and_contradict_themselves():
    outcomes = contradictions(100)
    labels = {}
    for outcome in outcomes:
        labels.setdefault(tuple(outcome.x), set()).add(outcome.success)
    assert len(labels) == endurance.NUM_POINTS
    assert sum(seen == {True, False} for seen in labels.values()) >= 5


@pytest.mark.parametrize(("breaks_at", "loses_at", "bad"), [(99, 99, 0), (20, 99, 4), (99, 28, 3)])
def test_exceptions_and_lost_numbers_are_counted(monkeypatch, breaks_at, loses_at, bad):
    made = Fragile(breaks_at, loses_at)
    monkeypatch.setattr(endurance, "make_optimizer", lambda *arguments: made)
    found = endure("fragile", contradictions(30))
    assert found.questions == 5  # at 10, 20, and the last three
    assert found.exceptions == bad


def test_peaks_grow_with_the_episodes_that_are_counted():
    steps = np.array([[10.0, 0.2], [20.0, 0.1], [30.0, 0.5]])
    found = Endured(0, 3, steps)
    assert [found.peak(count) for count in (10, 20, 30)] == [0.2, 0.2, 0.5]
    assert np.isnan(found.peak(5))


def test_rows_tell_the_growth(monkeypatch):
    monkeypatch.setattr(endurance, "make_optimizer", lambda *arguments: Fragile(99, 99))
    rows = endurance.endurance_rows("fragile", 80)
    assert [row.metric for row in rows[1:]] == [
        "learner step, longest of 60 episodes [s]",
        "learner step, longest of 80 episodes [s]",
    ]
    assert [row.reference for row in rows[1:]] == [0.5, None]
