# SPDX-License-Identifier: Apache-2.0
"""1 to 8 samplers and 1 to 32 clients on one machine and one model store, over real ROS 2.

Requests are for 32 refined, distinct configurations of the Panda; each client is a process, each
sampler has one thread. On a machine with fewer processors than processes the rates show what they
cost each other; the processor time of an answer is what to reckon with.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from vi_ik_ros.benchmarks.report import Report, Row, mean_row
from vi_ik_ros.benchmarks.scale.discovery import discovery_server
from vi_ik_ros.benchmarks.scale.exchange import exchange_rows
from vi_ik_ros.benchmarks.scale.fleet import Fleet
from vi_ik_ros.benchmarks.scale.load import Cell, counted, load_rows
from vi_ik_ros.benchmarks.scale.questions import MODEL, Questions, ask_here
from vi_ik_ros.nodes.sampling.served_models import serve
from vi_ik_ros.sampling.store.model_store import ModelStore

NAME = "scale"
PARTS, PART, QUICK_PART = 4, 1.0, 0.4  # how many, and their length [s]
QUESTIONS = 64


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        own_names: samplers that have a name each, in growing numbers.
        one_name: samplers that share one name, in growing numbers.
        with_server: samplers that are found through a discovery server.
    """

    own_names: Sequence[Cell]
    one_name: Sequence[Cell]
    with_server: Sequence[Cell]


FULL = Plan(
    own_names=(
        *(Cell(1, clients) for clients in (1, 8, 32)),
        *(Cell(2, 8), Cell(4, 8), Cell(4, 32)),
        *(Cell(8, 8), Cell(8, 8, in_turn=True), Cell(8, 32)),
    ),
    one_name=[Cell(samplers, 8) for samplers in (2, 4, 8)],
    with_server=(Cell(4, 8), Cell(4, 32)),
)
QUICK = Plan(
    own_names=(Cell(1, 1), Cell(2, 4), Cell(2, 4, in_turn=True)),
    one_name=(Cell(2, 4),),
    with_server=(Cell(2, 4),),
)


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Measure all of it.

    Args:
        seeds: times as many seconds for each cell.
        quick: at most 2 samplers and 4 clients, for shorter.
        budget: not used; nothing is trained here.
        on_progress: called with a line about what comes next.
    """
    del budget
    started, plan = time.monotonic(), QUICK if quick else FULL
    rows = _machine("at the beginning")
    with TemporaryDirectory(prefix="vi_ik_scale_") as directory:
        store = ModelStore(Path(directory) / "exchanged")
        served = serve(store.load(MODEL), num_threads=1)
        questions = ask_here(served, QUESTIONS, np.random.default_rng(0))
        rows.append(mean_row("solver alone", "CPU ms per answer", 1e3 * questions.cpu_seconds))
        measure = Measure(questions, PARTS * seeds, QUICK_PART if quick else PART, on_progress)
        with Fleet(store.root) as fleet:
            rows += measure.rows(fleet, plan.own_names, "")
            on_progress("exchanging the model ...")
            count = plan.own_names[-1].samplers
            rows += exchange_rows(fleet, Cell(count, count), store, questions)
        with Fleet(Path(directory) / "other", one_name=True) as fleet:
            rows += measure.rows(fleet, plan.one_name, ", one name")
        with discovery_server() as variables:
            if variables is None:
                on_progress("no discovery server of Fast DDS on this machine")
            else:
                with Fleet(Path(directory) / "other", variables=variables) as fleet:
                    rows += measure.rows(fleet, plan.with_server, ", discovery server")
    rows += _machine("at the end")
    seconds = time.monotonic() - started
    return Report(bench=NAME, rows=rows, seeds=list(range(seeds)), seconds=seconds)


@dataclass(frozen=True)
class Measure:
    """How cells are measured.

    Attributes:
        questions: what is asked.
        parts: of the time of a cell.
        part: length of each [s].
        tell: called with a line about what comes next.
    """

    questions: Questions
    parts: int
    part: float
    tell: Callable[[str], None]

    def rows(self, fleet: Fleet, cells: Sequence[Cell], words: str) -> list[Row]:
        """Measure cells, the fleet growing to each; `words` are added to their names."""
        rows: list[Row] = []
        count = 0
        for cell in cells:
            self.tell(f"{cell.name}{words} ...")
            fleet.grow_to(cell.samplers)
            rows += load_rows(
                fleet, cell, self.questions, parts=self.parts, part=self.part, words=words
            )
            if cell.samplers > count and not words:
                rows += _memory(fleet, cell.samplers)
            count = cell.samplers
        return rows


def _memory(fleet: Fleet, samplers: int) -> list[Row]:
    """Return the memory of a sampler beside others."""
    resident, proportional = fleet.memory().T
    case = counted(samplers, "sampler")
    return [
        mean_row(case, "resident memory of one [MB]", resident),
        mean_row(case, "proportional memory of one [MB]", proportional),
    ]


def _machine(when: str) -> list[Row]:
    """Return what else disturbs the figures."""
    load = Row("machine", f"load {when}, last minute", os.getloadavg()[0])
    return [load, Row("machine", "processors", len(os.sched_getaffinity(0)))]
