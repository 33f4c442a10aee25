# SPDX-License-Identifier: Apache-2.0
"""Who uses the processors of this machine, and how to keep one of them busy."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PRIORITY = 10  # real-time priority, 1 to 99
SPIN = "import os\nwhile os.getppid() == {pid}:\n    for _ in range(1_000_000): pass"


@dataclass(frozen=True)
class Shares:
    """Use of the processors over a while; 1 is one processor all the time.

    Attributes:
        by: of each process, by name.
        others: of everything else on the machine.
        load: processes that ran or wanted to, mean of the last minute.
    """

    by: Mapping[str, float]
    others: float
    load: float


class Meter:
    """Reads the counters of Linux now and later.

    Args:
        pids: process ids by name.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._begin = time.monotonic()
        self._used, self._busy = self._read()

    def shares(self) -> Shares:
        """Return the use since the beginning; NaN where there is no /proc."""
        seconds = time.monotonic() - self._begin
        used, busy = self._read()
        by = {name: (used[name] - self._used[name]) / seconds for name in used}
        others = (busy - self._busy) / seconds - sum(by.values())
        return Shares(by, others, os.getloadavg()[0])

    def _read(self) -> tuple[dict[str, float], float]:
        used = {name: _of_process(pid) for name, pid in self._pids.items()}
        return used, _of_all()


@contextmanager
def busy_processor() -> Iterator[int]:
    """Let a process of normal priority spin inside a `with` statement; yields its id."""
    words = [sys.executable, "-c", SPIN.format(pid=os.getpid())]
    with subprocess.Popen(words) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@contextmanager
def real_time_priority(*pids: int) -> Iterator[bool]:
    """Let all threads of processes go before ordinary ones; yields whether that is allowed."""
    folders = [Path(f"/proc/{pid}/task") for pid in pids]
    threads = [int(path.name) for folder in folders for path in folder.glob("*")]
    try:
        for thread in threads:
            os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except (AttributeError, PermissionError):
        yield False
        return
    try:
        yield True
    finally:
        for thread in threads:
            os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def _of_process(pid: int) -> float:
    """Return the processor time of a process, all its threads, without its children [s]."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _of_all() -> float:
    """Return the processor time of everything since the machine started [s]."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    except OSError:
        return float("nan")
    user, nice, system, _, _, irq, soft = map(int, fields[:7])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
