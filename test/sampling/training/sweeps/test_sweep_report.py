# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from vi_ik_ros.sampling.training.sweeps.sweep_report import (
    DONE,
    FAILED,
    RUNNING,
    STOPPED,
    SweepProgress,
    best_of,
    failure_reason,
    trial_row,
)

SCORES = {"elbo": -2.0, "elbo_median": -1.0}


def row(number: int, elbo: float = -2.0, *, status: str = STOPPED, ended: bool = True):
    result = {"elbo": elbo, "progress": 80.0, "time_total_s": 3.0}
    if ended:
        result |= {"scores": {**SCORES, "elbo": elbo}, "progress": 100.0, "seconds": 2.5}
    return trial_row(number, {"family": "banana"}, result, status=status, metric="elbo")


def test_only_a_trial_that_has_ended_with_a_model_is_done() -> None:
    done, stopped, running = row(1), row(2, ended=False), row(3, status=RUNNING)
    assert (done.status, done.score, done.seconds) == (DONE, -2.0, 2.5)
    assert (stopped.status, stopped.progress, stopped.seconds) == (STOPPED, 80.0, 3.0)
    assert math.isnan(stopped.score) and stopped.scores == {}
    assert running.status == RUNNING and not running.has_ended


def test_the_best_trial_is_done_and_has_the_highest_score() -> None:
    worse, better, equal = row(1, -3.0), row(2, -2.0), row(3, -2.0)
    ahead, nan = row(4, 9.0, ended=False), row(5, math.nan)
    failed = row(6, 9.0, status=FAILED)
    assert best_of((worse, better, equal, ahead, nan, failed)) is better
    assert best_of((ahead, nan, failed)) is None


def test_a_trial_that_has_reported_nothing_is_described_too() -> None:
    empty = trial_row(1, {}, {}, status=FAILED, metric="elbo", reason="why")
    assert (empty.status, empty.reason, empty.progress) == (FAILED, "why", 0.0)
    assert math.isnan(empty.seconds)


def test_progress_counts_states() -> None:
    progress = SweepProgress(5, (row(1), row(2, status=RUNNING, ended=False)), math.nan)
    assert progress.count(DONE) == 1 and progress.count(DONE, RUNNING) == 2
    assert progress.best == row(1)


class WithCause(Exception):
    cause = RuntimeError("the reason")


@pytest.mark.parametrize(
    "error", [WithCause("Traceback"), RuntimeError("Traceback\n  File x\nthe  reason\n")]
)
def test_the_reason_of_a_failure_is_one_line(error) -> None:
    assert failure_reason(error) == "the reason"
    assert failure_reason(RuntimeError()) == "RuntimeError()"
