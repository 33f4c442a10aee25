# SPDX-License-Identifier: Apache-2.0
"""Workers of a trainer that was killed: do they end?"""

import os
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POLL = 0.005  # [s]
GONE = ("Z", "X")  # states of a process that has ended, but was not asked for its exit code


@dataclass(frozen=True)
class Process:
    """A process, told from a later one with the same number by the time of its start."""

    pid: int
    started: int

    @property
    def is_running(self) -> bool:
        """Tell whether it has not ended yet."""
        found = _look(self.pid)
        return found is not None and found[0] == self.started and found[1] not in GONE


def children(pid: int) -> frozenset[Process]:
    """Return the processes that a process has started, from /proc: fast, for it is soon killed."""
    found: list[int] = []
    with suppress(OSError):  # It, or one of its threads, has just ended.
        for task in os.listdir(f"/proc/{pid}/task"):
            listed = Path(f"/proc/{pid}/task/{task}/children").read_text()
            found += [int(word) for word in listed.split()]
    looks = {child: _look(child) for child in found}
    return frozenset(Process(child, look[0]) for child, look in looks.items() if look)


def seconds_until_ended(processes: Collection[Process], patience: float) -> float:
    """Wait until all of them have ended, at most `patience` [s]; return how long that took."""
    begin = time.monotonic()
    while any(process.is_running for process in processes):
        if time.monotonic() - begin > patience:
            break
        time.sleep(POLL)
    return time.monotonic() - begin


def _look(pid: int) -> tuple[int, str] | None:
    """Return start time [ticks] and state of a process; None if there is none."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return int(words[19]), words[0]
