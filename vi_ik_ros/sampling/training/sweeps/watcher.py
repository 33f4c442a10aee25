# SPDX-License-Identifier: Apache-2.0
"""Tells the program how the trials of a sweep are doing, while Tune runs them."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ray.tune import Callback
from ray.tune.experiment import Trial

from vi_ik_ros.sampling.training.sweeps.search_space import directory_name
from vi_ik_ros.sampling.training.sweeps.sweep_report import (
    FAILED,
    RUNNING,
    STOPPED,
    WAITING,
    SweepProgress,
    TrialRow,
    trial_row,
)

LOOK_EVERY = 0.5  # [s]
ENOUGH = 0.5  # trials' worth that have to be done before an estimate means anything
STATES = {Trial.RUNNING: RUNNING, Trial.TERMINATED: STOPPED, Trial.ERROR: FAILED}

Listener = Callable[[SweepProgress], None]
_listener: ContextVar[Listener] = ContextVar("listener", default=lambda progress: None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call a function with where the sweep stands, as long as the block lasts."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class Watcher(Callback):
    """Looks at the trials now and then.

    Tune keeps its callbacks in a file and takes them from there when a sweep is resumed, so the
    listener, which belongs to one run of the program, is no part of this object.
    """

    def __init__(self, num_trials: int, metric: str) -> None:
        """Look at nothing yet.

        Args:
            num_trials: of the whole sweep.
            metric: score of a trial.
        """
        self._num_trials, self._metric = num_trials, metric
        self._begin: tuple[float, float] | None = None  # [s], and trials' worth that was done then
        self._next = 0.0

    def on_step_end(self, iteration: int, trials: list[Trial], **info: object) -> None:
        """Tell the listener, unless it has just been told."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK_EVERY
        ordered = sorted(trials, key=directory_name)
        rows = tuple(self._row(i, trial) for i, trial in enumerate(ordered, start=1))
        left = self._seconds_left(now, rows)
        _listener.get()(SweepProgress(self._num_trials, rows, left))

    def _row(self, number: int, trial: Trial) -> TrialRow:
        """Describe a trial as Tune knows it."""
        status = STATES.get(trial.status, WAITING)
        result = trial.last_result
        return trial_row(number, trial.config, result, status=status, metric=self._metric)

    def _seconds_left(self, now: float, rows: tuple[TrialRow, ...]) -> float:
        """Estimate from how much has been done since the first look."""
        done = sum(1.0 if row.has_ended else row.progress / 100.0 for row in rows)
        if self._begin is None:
            self._begin = now, done
        begin, before = self._begin
        if done - before < ENOUGH:
            return math.nan
        return (now - begin) * (self._num_trials - done) / (done - before)
