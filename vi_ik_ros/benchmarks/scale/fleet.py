# SPDX-License-Identifier: Apache-2.0
"""Several samplers on one model store, each under a name of its own or all under one."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from vi_ik_ros.benchmarks.scale.questions import MODEL
from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.nodes.processes.node_process import NodeProcess, private_environment, stop

LONGEST = 180.0  # [s], for all samplers to load their models, on a machine that is busy
POLL = 0.02  # [s]
READY = f"serving {MODEL}"  # what a sampler logs when its model is loaded


class Fleet:
    """Samplers of one thread each, as processes that end with the `with` statement.

    No client of them runs beside them, so whoever counts participants of ROS 2 counts samplers.

    Attributes:
        names: full names of those that run, each once.
        environment: of their processes, with their ROS 2 domain; clients need the same.
    """

    def __init__(
        self, store: Path, *, one_name: bool = False, variables: Mapping[str, str] | None = None
    ) -> None:
        """Run none yet.

        Args:
            store: root of their model store.
            one_name: whether all have the same full name.
            variables: of the environment, beside those of a private ROS 2 domain.
        """
        self._one_name = one_name
        self.environment = private_environment() | dict(variables or {})
        self._processes: list[subprocess.Popen] = []
        self._logs: list[IO] = []
        self.names: tuple[str, ...] = ()
        self._told: dict[str, bool | int | float | str] = {
            "model_store": str(store),
            "default_model": MODEL,
            "publish_markers": False,
            "threads": 1,
        }

    def grow_to(self, count: int) -> None:
        """Start samplers until there are so many, all at once, and wait until they are loaded.

        Raises:
            NoAnswer: one of them ended, or it took too long.
        """
        begin = time.monotonic()
        for index in range(len(self._processes), count):
            space = f"/scale_{os.getpid()}/{'one' if self._one_name else f's{index}'}"
            node = NodeProcess("sampler", self._told, None, space, self.environment)
            self._logs.append(tempfile.NamedTemporaryFile("w+", prefix="vi_ik_scale_"))
            self._processes.append(node.start(self._logs[-1]))
            self.names = tuple(dict.fromkeys((*self.names, f"{space}/sampler")))
        for process, log in zip(self._processes, self._logs, strict=True):
            while READY not in (said := Path(log.name).read_text(errors="replace")):
                if process.poll() is not None or time.monotonic() - begin > LONGEST:
                    last = (said.strip().splitlines() or ["it wrote nothing"])[-1]
                    raise NoAnswer(f"a sampler did not load its model: {last}")
                time.sleep(POLL)

    def cpu_seconds(self) -> float:
        """Return the processor time that all samplers have used [s]; NaN where /proc is not."""
        return sum(_cpu_seconds(process.pid) for process in self._processes)

    def memory(self) -> np.ndarray:
        """Return resident and proportional memory of each sampler [MB], (n, 2).

        The proportional one has equal parts of what several processes share.
        """
        return np.array([_memory(process.pid) for process in self._processes])

    def __enter__(self) -> Self:
        """Return the fleet itself."""
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all samplers."""
        stop(self._processes)
        for log in self._logs:
            log.close()


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> tuple[float, float]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return float("nan"), float("nan")
    sizes = {line.split()[0]: int(line.split()[1]) / 1024.0 for line in lines}
    return sizes["Rss:"], sizes["Pss:"]
