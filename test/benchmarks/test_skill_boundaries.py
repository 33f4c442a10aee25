# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.benchmarks.skill_boundaries.episodes import (
    Cell,
    digests,
    digests_in_processes,
    run_cell,
)
from vi_ik_ros.benchmarks.skill_boundaries.sweeps import SKILL, Sweep, Swept, sweep

MM = 1e-3


def swept(*success):
    values = tuple(float(k) for k in range(len(success)))
    rows = np.array(success, dtype=float)
    return Swept(Sweep("approach_speed", values), rows, rows, ("",) * len(success))


@pytest.mark.parametrize(
    ("success", "ends"),
    [
        ((1, 1, 0, 0), (0, 1)),
        ((0, 1, 0.5, 0.4), (1, 2)),
        ((1, 0, 1, 1), (2, 3)),
        ((0, 0, 0), (0, -1)),
        ((1, 1), (0, 1)),
    ],
)
def test_ends_of_the_stretch_that_works(success, ends):
    found = swept(*success)
    assert (found.lower, found.upper) == ends


@pytest.mark.parametrize(
    ("parameter", "works", "fails"),
    [
        ("approach_speed", 4.0, 15.0),
        ("force_gain", 0.8, 2.5),
        ("force_gain", 0.2, 0.05),
        ("search_speed", 5.0, 22.0),
    ],
)
def test_every_parameter_of_the_screw_has_a_side_that_works_and_one_that_does_not(
    parameter, works, fails
):
    good, bad = (run_cell(Cell(SKILL, {parameter: MM * v}), [0])[0] for v in (works, fails))
    assert good.success
    assert not bad.success
    assert not bad.invalid_reason


def test_sweep_tells_why_values_fail():
    found = sweep(Sweep("approach_speed", (0.004, 0.015)), [0, 1], plant="analytic")
    assert found.success.tolist() == [1.0, 0.0]
    assert found.reasons[0] == ""
    assert "force_above" in found.reasons[1]
    assert found.peak_force[1] > found.peak_force[0]


@pytest.mark.slow
def test_digests_are_the_same_in_other_processes():
    cell = Cell(SKILL)
    assert digests(cell, [0, 1, 2]) == digests_in_processes(cell, [0, 1, 2], 2)
