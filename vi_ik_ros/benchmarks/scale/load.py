# SPDX-License-Identifier: Apache-2.0
"""Requests per second, latency, processor time and correctness of samplers under load."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from vi_ik_ros.benchmarks.report import Row, bootstrap_row, mean_row
from vi_ik_ros.benchmarks.scale.crowd import Asking, Crowd, ask_together
from vi_ik_ros.benchmarks.scale.fleet import Fleet
from vi_ik_ros.benchmarks.scale.questions import Questions

REQUIRED = "required"
STRIDE = 7  # between the first questions of two clients, so that they do not ask the same


@dataclass(frozen=True)
class Cell:
    """So many samplers and clients.

    Attributes:
        samplers: how many run.
        clients: how many ask.
        in_turn: whether each client asks all samplers in turn; otherwise client i asks sampler
            i modulo their number.
    """

    samplers: int
    clients: int
    in_turn: bool = False

    @property
    def name(self) -> str:
        """Return the words of the report."""
        texts = [counted(self.samplers, "sampler"), counted(self.clients, "client")]
        return ", ".join(texts + self.in_turn * ["in turn"])


def counted(number: int, word: str) -> str:
    """Return a number with its word, in the plural if need be."""
    return f"{number} {word}" + "s" * (number != 1)


def askings(fleet: Fleet, cell: Cell) -> list[Asking]:
    """Return what each client does."""
    found = []
    for index in range(cell.clients):
        one = (fleet.names[index % len(fleet.names)],)
        servers = fleet.names if cell.in_turn else one
        found.append(Asking(servers, index * STRIDE, fleet.environment))
    return found


def load_rows(
    fleet: Fleet, cell: Cell, questions: Questions, *, parts: int, part: float, words: str = ""
) -> list[Row]:
    """Let clients ask for a while, one request after another, each as fast as it is answered.

    Args:
        fleet: the samplers.
        cell: how many of each; the fleet has grown to it.
        questions: what is asked.
        parts: of the time; their spread is the standard error.
        part: length of each [s].
        words: that the report adds to the name of the cell.
    """
    crowd = ask_together(
        askings(fleet, cell),
        questions,
        parts=parts,
        part=part,
        at_part=lambda index: fleet.cpu_seconds(),
    )
    name = cell.name + words
    return [*_speed(name, crowd), *_discovery(name, crowd), *failures(name, crowd)]


def _speed(name: str, crowd: Crowd) -> list[Row]:
    finished = np.concatenate([heard.finished for heard in crowd.heard])
    counts = np.histogram(finished, crowd.times)[0]
    rows = [mean_row(name, "requests per second", counts / np.diff(crowd.times))]
    rows += latencies(name, crowd)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = 1e3 * np.diff(crowd.read) / counts
    rows.append(mean_row(name, "samplers [CPU ms per answer]", cost))
    heard = [one for one in crowd.heard if len(one.finished)]
    own = np.array([1e3 * one.cpu_seconds / len(one.finished) for one in heard])
    return [*rows, mean_row(name, "its client [CPU ms per answer]", own)] if heard else rows


def latencies(name: str, crowd: Crowd) -> list[Row]:
    """Return percentiles, with standard errors from resampling clients and parts."""
    groups = []
    for heard in crowd.heard:
        place = np.digitize(heard.finished, crowd.times)
        groups += [1e3 * heard.latency[place == index] for index in np.unique(place)]
    if not groups:
        return []
    rng = np.random.default_rng(0)
    return [
        bootstrap_row(name, f"p{p} [ms]", groups, partial(np.percentile, q=p), rng=rng)
        for p in (50, 99)
    ]


def _discovery(name: str, crowd: Crowd) -> list[Row]:
    found = np.array([heard.found for heard in crowd.heard])
    rng = np.random.default_rng(0)
    rows = [bootstrap_row(name, "sampler found, median [s]", found[:, None], np.median, rng=rng)]
    return [*rows, Row(name, "sampler found, last client [s]", float(found.max()))]


def failures(name: str, crowd: Crowd) -> list[Row]:
    """Count what should not have happened.

    A first request may be answered before the sampler has found its client, which ROS 2 takes for
    a client that is gone: it is counted apart from those that were lost later.
    """
    lost = sum(bool(np.isnan(heard.found)) for heard in crowd.heard)
    first = sum(0 in heard.failed for heard in crowd.heard)
    later = sum(len(heard.failed) for heard in crowd.heard) - first
    wrong = sum(heard.wrong for heard in crowd.heard)
    compared = sum(len(heard.finished) for heard in crowd.heard)
    return [
        Row(name, "answers compared with this process", compared),
        Row(name, "wrong answers", wrong, None, 0, REQUIRED),
        Row(name, "clients that found no sampler", lost, None, 0, REQUIRED),
        Row(name, "first requests without an answer", first, None, 0, REQUIRED),
        Row(name, "later requests without an answer", later, None, 0, REQUIRED),
    ]
