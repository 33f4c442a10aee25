# SPDX-License-Identifier: Apache-2.0
"""Which values are tried, and where success ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.skill_boundaries.episodes import Cell, run_cell

SKILL = "screw_insertion"
MM = 1e-3  # [m]
APPROACH = tuple(MM * v for v in (1, 2, 4, 6, 8, 9, 10, 11, 12, 15))  # [m/s]
GAINS = tuple(MM * v for v in (0.05, 0.1, 0.2, 0.4, 0.8, 1.2, 1.5, 1.6, 1.7, 1.8, 2.5))
SEARCH = tuple(MM * v for v in (1, 2, 3, 5, 8, 10, 12, 15, 18, 22, 25))  # [m/s]
SEARCH_GAINS = tuple(MM * v for v in (0.2, 0.4, 0.8, 1.2))  # [m/(N s)]
HALF = 0.5  # share of successes that is on the good side of a boundary


@dataclass(frozen=True)
class Sweep:
    """One parameter over its values, the others fixed.

    Attributes:
        parameter: its name.
        values: in rising order, in its unit.
        others: values of other parameters by name.
    """

    parameter: str
    values: tuple[float, ...]
    others: tuple[tuple[str, float], ...] = ()

    def cells(self, plant: str, refinement: int) -> list[Cell]:
        """Return the cells in order."""
        others = dict(self.others)
        return [
            Cell(SKILL, {**others, self.parameter: value}, plant, refinement)
            for value in self.values
        ]


SWEEPS = (
    Sweep("approach_speed", APPROACH),
    Sweep("force_gain", GAINS),
    *(Sweep("search_speed", SEARCH, (("force_gain", gain),)) for gain in SEARCH_GAINS),
)


@dataclass(frozen=True)
class Swept:
    """What came of a sweep.

    Attributes:
        sweep: what was tried.
        success: (n,) share of successes of each value.
        peak_force: (n,) median of the largest force in approach and correction [N].
        reasons: of each value, the most frequent way to fail, or ''.
    """

    sweep: Sweep
    success: np.ndarray
    peak_force: np.ndarray
    reasons: tuple[str, ...]

    @property
    def upper(self) -> int:
        """Return the index of the last value of the best stretch that works, -1 if none does."""
        return self._stretch()[1]

    @property
    def lower(self) -> int:
        """Return the index of the first value of that stretch, 0 if none does."""
        return self._stretch()[0]

    def _stretch(self) -> tuple[int, int]:
        """Return the ends of the longest stretch of values of which half and more succeed."""
        best, begin = (0, -1), None
        for k, works in enumerate([*(self.success >= HALF).tolist(), False]):
            if works and begin is None:
                begin = k
            if not works and begin is not None:
                if k - 1 - begin > best[1] - best[0]:
                    best = (begin, k - 1)
                begin = None
        return best


def sweep(
    one: Sweep,
    seeds: Sequence[int],
    *,
    plant: str = "mujoco",
    refinement: int = 1,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Swept:
    """Try every value with every seed.

    Args:
        one: what is tried.
        seeds: of the episodes, the same for all values.
        plant: name of the simulation.
        refinement: whole number by which its time step is divided.
        on_progress: called with a line before it begins.
    """
    step = f", time step / {refinement}" if refinement > 1 else ""
    others = "".join(f", {name} {value:g}" for name, value in one.others)
    on_progress(f"{plant}{step}: {one.parameter}{others} ...")
    success, peaks, reasons = [], [], []
    for cell in one.cells(plant, refinement):
        episodes = run_cell(cell, seeds)
        success.append(np.mean([episode.success for episode in episodes]))
        touched = [max(one.peak_force for one in e.primitives[1:3]) for e in episodes]
        peaks.append(np.median(touched))
        failed = [e for e in episodes if not e.success]
        whys = [f"{e.failed_primitive}: {e.primitives[e.last_primitive].error}" for e in failed]
        reasons.append(max(set(whys), key=whys.count) if whys else "")
    return Swept(one, np.array(success), np.array(peaks), tuple(reasons))
