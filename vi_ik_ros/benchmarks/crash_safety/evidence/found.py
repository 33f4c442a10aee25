# SPDX-License-Identifier: Apache-2.0
"""What is found after kills, counted, and the rows of it that both kinds of node have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from vi_ik_ros.benchmarks.report import Row, bootstrap_row


@dataclass
class Found:
    """What was found after the kills of one kind of node.

    Attributes:
        states: what the node was doing when it was killed, to how often.
        startups: from each start until it could be used [s].
        unreadable: why models were refused.
        foreign: models that no set has asked for.
        unserved: models of the store that the sampler did not serve.
        unfinished: kills in the middle of writing into the store or the work directory.
        strays: paths that were left over after the next start.
        orphans: processes that were.
        orphan_seconds: longest life of a worker after its trainer [s].
    """

    states: Counter = field(default_factory=Counter)
    startups: list[float] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    unserved: list[str] = field(default_factory=list)
    unfinished: int = 0
    strays: list[str] = field(default_factory=list)
    orphans: int = 0
    orphan_seconds: float = 0.0

    def lines(self) -> list[str]:
        """Return a line about everything that should not be."""
        asked = [f"{name}: a model that no set has asked for" for name in self.foreign]
        left = [f"{path}: left over" for path in self.strays]
        return [*self.unreadable, *asked, *self.unserved, *left]


def required(case: str, metric: str, value: int) -> Row:
    """Return the count of something that must not happen."""
    return Row(case, metric, value, None, 0, "required")


def kill_rows(case: str, found: Found, number: int, states: Sequence[str]) -> list[Row]:
    """Return what is counted of every kind of node."""
    startups = [np.array([seconds]) for seconds in found.startups]
    rng = np.random.default_rng(0)

    def median(seconds: np.ndarray) -> float:
        return float(np.median(seconds))

    return [
        Row(case, "kills", number),
        *(Row(case, f"kills while {state}", found.states[state]) for state in states),
        bootstrap_row(case, "median start to use [s]", startups, median, rng=rng),
        required(case, "models that could not be read", len(found.unreadable)),
        required(case, "models that no set has asked for", len(found.foreign)),
        required(case, "stray files after the next start", len(found.strays)),
    ]


def answer_rows(case: str, number: int, failed: int, wrong: int) -> list[Row]:
    """Return what became of requests to a sampler."""
    return [
        Row(case, "requests to a sampler", number),
        required(case, "of them failed", failed),
        required(case, "of them answered by a wrong model", wrong),
    ]


def set_rows(case: str, trained: int, lost: int, failed: int) -> list[Row]:
    """Return what became of the sets that a trainer was given."""
    return [
        Row(case, "sets trained", trained),
        required(case, "sets lost", lost),
        required(case, "sets that failed", failed),
    ]
