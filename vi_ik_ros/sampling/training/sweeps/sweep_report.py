# SPDX-License-Identifier: Apache-2.0
"""Where a sweep stands and what it has found, as plain data; imports no ray."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vi_ik_ros.sampling.store.adoption import Adoption

RUNNING, DONE, STOPPED, FAILED = "running", "done", "stopped early", "failed"  # states of a trial
WAITING = "waiting"


@dataclass(frozen=True)
class TrialRow:
    """One trial.

    Attributes:
        number: 1 for the first one.
        config: `family`, and the settings that are searched.
        status: `waiting`, `running`, `done`, `stopped early` or `failed`.
        score: the metric of the held-out figures; NaN unless the trial is done.
        scores: all of them; empty unless the trial is done.
        progress: of the fit [%].
        seconds: that the fit took, or that it has taken so far; NaN if not known.
        reason: why it failed, one line.
        model: directory of the fitted model; None unless the trial is done.
    """

    number: int
    config: Mapping[str, object]
    status: str
    score: float = math.nan
    scores: Mapping[str, float] = field(default_factory=dict)
    progress: float = 0.0
    seconds: float = math.nan
    reason: str = ""
    model: Path | None = None

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing follows."""
        return self.status in (DONE, STOPPED, FAILED)


def trial_row(
    number: int,
    config: Mapping[str, object],
    result: Mapping[str, object],
    *,
    status: str,
    metric: str,
    reason: str = "",
    model: Path | None = None,
) -> TrialRow:
    """Describe a trial by what it has reported last, see `fit_trial`.

    Args:
        number: 1 for the first one.
        config: `family`, and the settings that are searched.
        result: the last report.
        status: what Tune makes of it; a trial that has ended with a model is `done`.
        metric: score of a trial.
        reason: why it failed.
        model: directory of the fitted model.
    """
    scores = result.get("scores")
    done = isinstance(scores, Mapping) and status == STOPPED
    return TrialRow(
        number=number,
        config=config,
        status=DONE if done else status,
        score=_number(result.get(metric)) if done else math.nan,
        scores=dict(scores) if isinstance(scores, Mapping) and done else {},
        progress=_number(result.get("progress", 0.0)),
        seconds=_number(result.get("seconds", result.get("time_total_s"))),
        reason=reason,
        model=model if done else None,
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


@dataclass(frozen=True)
class SweepProgress:
    """Where a sweep stands.

    Attributes:
        num_trials: of the whole sweep.
        trials: those that have been thought of, in order.
        seconds_left: estimated; NaN while there is nothing to estimate it from.
    """

    num_trials: int
    trials: tuple[TrialRow, ...]
    seconds_left: float

    @property
    def best(self) -> TrialRow | None:
        """Return the best trial that is done."""
        return best_of(self.trials)

    def count(self, *states: str) -> int:
        """Return the number of trials in some states."""
        return sum(row.status in states for row in self.trials)


@dataclass(frozen=True)
class SweepReport:
    """What a sweep has found.

    Attributes:
        directory: where it lies.
        trials: all of them, in order.
        adoption: what became of the best model; None if no trial is done.
        seconds: that this run of the sweep took, Ray's start and end included.
    """

    directory: Path
    trials: tuple[TrialRow, ...]
    adoption: Adoption | None
    seconds: float

    @property
    def best(self) -> TrialRow | None:
        """Return the best trial."""
        return best_of(self.trials)


def best_of(trials: tuple[TrialRow, ...]) -> TrialRow | None:
    """Return the done trial with the highest score, the first of equal ones."""
    done = [row for row in trials if row.status == DONE and not math.isnan(row.score)]
    return max(done, key=lambda row: row.score, default=None)


def failure_reason(error: Exception) -> str:
    """Return the line that tells why a trial failed: ours, or the last one that Ray has."""
    lines = str(getattr(error, "cause", None) or error).strip().splitlines() or [repr(error)]
    return " ".join(lines[-1].split())
