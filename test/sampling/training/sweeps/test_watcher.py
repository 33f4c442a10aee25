# SPDX-License-Identifier: Apache-2.0
import math
from types import SimpleNamespace

import pytest

pytest.importorskip("ray")

from ray import cloudpickle

from vi_ik_ros.sampling.training.sweeps import watcher as module
from vi_ik_ros.sampling.training.sweeps.sweep_report import DONE, FAILED, RUNNING, WAITING
from vi_ik_ros.sampling.training.sweeps.watcher import Watcher, listening


def trial(number: int, status: str, **result):
    tag = f"{number}_num_components=2"
    return SimpleNamespace(status=status, last_result=result, config={}, experiment_tag=tag)


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def look(watcher: Watcher, *trials) -> list:
    """What the listener is told when Tune shows these trials."""
    told: list = []
    with listening(told.append):
        watcher.on_step_end(1, list(trials))
    return told


def test_trials_are_shown_in_the_order_of_the_search(clock) -> None:
    done = {"progress": 100.0, "scores": {"elbo": -1.0}, "elbo": -1.0}
    trials = [
        trial(10, "ERROR"),
        trial(2, "RUNNING", progress=40.0),
        trial(0, "TERMINATED", **done),
    ]
    (told,) = look(Watcher(5, "elbo"), *trials, trial(11, "PENDING"))
    assert [row.status for row in told.trials] == [DONE, RUNNING, FAILED, WAITING]
    assert [row.number for row in told.trials] == [1, 2, 3, 4]
    assert told.num_trials == 5 and told.best.score == -1.0


def test_the_time_left_counts_from_the_first_look(clock) -> None:
    watcher = Watcher(4, "elbo")
    (first,) = look(watcher, trial(0, "TERMINATED"), trial(1, "RUNNING", progress=0.0))
    assert math.isnan(first.seconds_left)  # one was done before: nothing to estimate from yet
    clock.seconds += 10.0
    (second,) = look(watcher, trial(0, "TERMINATED"), trial(1, "TERMINATED"))
    assert second.seconds_left == pytest.approx(20.0)


def test_looks_are_not_too_close(clock) -> None:
    watcher = Watcher(1, "elbo")
    assert len(look(watcher, trial(0, "RUNNING"))) == 1
    assert look(watcher, trial(0, "RUNNING")) == []


def test_the_listener_is_no_part_of_what_tune_keeps(clock) -> None:
    watcher = Watcher(1, "elbo")
    with listening(lambda progress: None):
        again = cloudpickle.loads(cloudpickle.dumps(watcher))
    assert len(look(again, trial(0, "RUNNING"))) == 1
