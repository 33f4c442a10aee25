# SPDX-License-Identifier: Apache-2.0
"""Screw insertion over its parameters: where it stops working, how fast, how repeatably.

Every value is tried with the same 16 seeds, which move the screw and draw the noise. References are
those of a prototype of the same contact simulation, not of a robot. The prototype's values between
which success falls are given by the larger one that still worked.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from vi_ik_ros.benchmarks.report import Report, Row, mean_row
from vi_ik_ros.benchmarks.skill_boundaries.episodes import (
    Cell,
    digests,
    digests_in_processes,
    run_cell,
)
from vi_ik_ros.benchmarks.skill_boundaries.sweeps import MM, SKILL, SWEEPS, Swept, sweep
from vi_ik_ros.skills.execution.graph.skill_file import load_skill

NAME = "skill-boundaries"
NUM_SEEDS, QUICK_SEEDS = 16, 2  # of each value
NUM_RANDOM, QUICK_RANDOM = 400, 10  # random parameters
NUM_TIMED, QUICK_TIMED = 60, 4  # episodes
NUM_REPEATED, QUICK_REPEATED = 16, 2  # episodes whose digests are compared
PROTOTYPE = "prototype"
REFERENCES = {  # [mm/s, mm/(N s)] largest value that worked
    ("approach_speed", ()): 10.0,
    ("force_gain", ()): 1.6,
    ("search_speed", (("force_gain", 0.2 * MM),)): 5.0,
    ("search_speed", (("force_gain", 0.4 * MM),)): 10.0,
    ("search_speed", (("force_gain", 0.8 * MM),)): 15.0,
    ("search_speed", (("force_gain", 1.2 * MM),)): 15.0,
}
PEAKS = {2 * MM: 7.2, 4 * MM: 10.6, 8 * MM: 16.6, 9 * MM: 18.3}  # [N] by approach speed


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Try values, count successes.

    Args:
        seeds: rounds of 16 seeds of every value.
        quick: 2 seeds, no finer time step, no analytic plant.
        budget: Not used; nothing is trained here.
        on_progress: Called with a line about what comes next.
    """
    started = time.monotonic()
    rows: list[Row] = []
    used = range(seeds * (QUICK_SEEDS if quick else NUM_SEEDS))
    coarse = [sweep(one, used, on_progress=on_progress) for one in SWEEPS]
    for swept in coarse:
        rows += _rows("ours, MuJoCo", swept)
    rows.append(_growth(coarse))
    if not quick:
        fine = [sweep(one, used, refinement=2, on_progress=on_progress) for one in SWEEPS]
        pairs = zip(coarse, fine, strict=True)
        rows.append(
            _moved([max(_shift(a.upper, b.upper), _shift(a.lower, b.lower)) for a, b in pairs])
        )
        for one in SWEEPS:
            rows += _rows(
                "analytic plant", sweep(one, used, plant="analytic", on_progress=on_progress)
            )
    on_progress("random parameters, times, digests ...")
    rows.append(_random_row(QUICK_RANDOM if quick else NUM_RANDOM))
    rows += _speed_rows(QUICK_TIMED if quick else NUM_TIMED)
    rows += _digest_rows(range(QUICK_REPEATED if quick else NUM_REPEATED))
    return Report(NAME, rows, list(used), time.monotonic() - started)


def _rows(case: str, swept: Swept) -> list[Row]:
    """Return the share of successes of each value, and the ends of the stretch that works."""
    one, rows = swept.sweep, []
    unit = "mm/(N s)" if one.parameter == "force_gain" else "mm/s"
    at = "".join(f", {name.replace('_', ' ')} {value / MM:g}" for name, value in one.others)
    what = one.parameter.replace("_", " ")
    for value, share, peak in zip(one.values, swept.success, swept.peak_force, strict=True):
        rows.append(
            Row(case, f"success at {what} {value / MM:g} {unit}{at} [%]", 100.0 * float(share))
        )
        if one.parameter == "approach_speed" and value in PEAKS:
            name = f"peak force at {what} {value / MM:g} {unit} [N]"
            rows.append(Row(case, name, float(peak), None, PEAKS[value], PROTOTYPE))
    low, high = swept.lower, swept.upper
    if high >= 0:
        reference = REFERENCES.get((one.parameter, one.others))
        name = f"largest {what} that works{at} [{unit}]"
        rows.append(Row(case, name, one.values[high] / MM, None, reference, PROTOTYPE))
        rows.append(Row(case, f"smallest {what} that works{at} [{unit}]", one.values[low] / MM))
    return rows


def _growth(swept: Sequence[Swept]) -> Row:
    """Return how often the limit of the search speed falls as the gain grows, to be never."""
    limits = [one.upper for one in swept if one.sweep.parameter == "search_speed"]
    falls = sum(b < a for a, b in zip(limits, limits[1:], strict=False))
    name = "steps of the gain at which the limit of the search speed falls"
    return Row("ours, MuJoCo", name, float(falls), None, 0.0, "goal")


def _shift(a: int, b: int) -> int:
    return abs(a - b)


def _moved(shifts: Sequence[int]) -> Row:
    name = "cells that a boundary moves by with half the time step, most"
    return Row("ours, MuJoCo", name, float(max(shifts)), None, 1.0, "goal: at most")


def _random_row(count: int) -> Row:
    """Return how often parameters at random succeed, uniform on their scales."""
    space = load_skill(SKILL).space
    values = space.sample(np.random.default_rng(0), count)
    outcomes = [
        run_cell(Cell(SKILL, dict(zip(space.names, row, strict=True))), [seed])[0].success
        for seed, row in enumerate(values.tolist())
    ]
    return mean_row("ours, MuJoCo", "success of random parameters [%]", 100.0 * np.array(outcomes))


def _speed_rows(count: int) -> list[Row]:
    """Return how many successful episodes a core makes in a second."""
    cell, seconds, walls = Cell(SKILL), [], []
    run_cell(cell, [0])
    for seed in range(count):
        begin, wall = time.process_time(), time.perf_counter()
        episode = run_cell(cell, [seed])[0]
        if episode.success:
            seconds.append(time.process_time() - begin)
            walls.append(time.perf_counter() - wall)
    case = "ours, MuJoCo"
    median = float(np.median(seconds))
    return [
        Row(case, "episodes a second of one core, median", 1.0 / median, None, 15.0, "goal"),
        Row(case, "episodes a second that passes, median", 1.0 / float(np.median(walls))),
        mean_row(case, "processor time of an episode [ms]", 1e3 * np.array(seconds)),
    ]


def _digest_rows(seeds: Sequence[int]) -> list[Row]:
    """Return how many digests differ between repetitions, in this process and in two others."""
    cell = Cell(SKILL)
    first, again = digests(cell, seeds), digests(cell, seeds)
    apart = digests_in_processes(cell, seeds, 2)
    return [
        Row("ours, MuJoCo", f"digests that differ, {where}", float(count), None, 0.0, "goal")
        for where, count in (
            ("repeated in this process", sum(a != b for a, b in zip(first, again, strict=True))),
            ("in two other processes", sum(a != b for a, b in zip(first, apart, strict=True))),
        )
    ]
