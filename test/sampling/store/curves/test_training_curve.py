# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from vi_ik_ros.sampling.store.curves.training_curve import (
    MOST,
    CurvePoint,
    TrainingCurve,
    with_unit,
)

EMPTY = TrainingCurve()


def at(step, **figures):
    return CurvePoint(step, 0.5, 0.1 * step, 0.05 * step, 3, figures or {"ELBO": -1.0 / step})


def grown(last, begin=EMPTY, first=1):
    curve = begin
    for step in range(first, last + 1):
        curve = curve.after(at(step))
    return curve


@pytest.mark.parametrize("last", [1, 2, MOST, MOST + 1, 3 * MOST, 8 * MOST + 1])
def test_a_curve_has_its_ends_and_a_few_hundred_points_between(last):
    steps = [point.step for point in grown(last).points]
    assert (steps[0], steps[-1]) == (1, last)
    assert min(last, MOST // 2) <= len(steps) <= MOST + 2
    gaps = [b - a for a, b in zip(steps[1:-1], steps[2:-1], strict=False)]
    assert len(set(gaps)) <= 1, "evenly spaced between its ends"


def test_nothing_is_left_out_as_long_as_there_is_room():
    assert [point.step for point in grown(MOST).points] == list(range(1, MOST + 1))


@pytest.mark.parametrize("broken_off", [1, 7, MOST, MOST + 3, 2 * MOST + 1])
def test_a_fit_that_was_interrupted_has_the_same_curve(broken_off):
    last = 3 * MOST - 1
    ahead = grown(broken_off + 5)  # what was written may be ahead of the checkpoint
    resumed = grown(last, ahead.until(broken_off), broken_off + 1)
    assert resumed == grown(last)


def test_figures_that_come_late_are_not_known_before():
    curve = TrainingCurve().after(at(1, loss=2.0)).after(at(2, loss=1.0, ELBO=-3.0))
    assert curve.names == ("loss", "ELBO")
    assert math.isnan(curve.figure("ELBO")[0]) and curve.figure("ELBO")[1] == -3.0
    assert curve.times().tolist() == pytest.approx([0.1, 0.2])


def test_units_stand_behind_names_that_have_one():
    assert (with_unit("ELBO"), with_unit("rows")) == ("ELBO [nat]", "rows")
