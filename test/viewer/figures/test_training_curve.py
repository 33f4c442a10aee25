# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from vi_ik_ros.sampling.store.curves.training_curve import CurvePoint, TrainingCurve
from vi_ik_ros.viewer.figures.training_curve import (
    TrainingPicture,
    draw_components,
    draw_figures,
    save_training_picture,
    told,
)


def made(bounds, *, seconds=60.0, used=4, **others):
    """A curve of so many equally distant points."""
    count = len(bounds)
    points = []
    for index, bound in enumerate(bounds):
        figures = {"ELBO": bound} | {name: row[index] for name, row in others.items()}
        share = (index + 1) / count
        points.append(
            CurvePoint(10 * (index + 1), share, share * seconds, share * 30.0, used, figures)
        )
    return TrainingCurve(tuple(points))


@pytest.fixture
def axes():
    return Figure().subplots()


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def test_figures_are_drawn_over_the_time_with_their_unit(axes):
    draw_figures(axes, made([-3.0, math.nan, -math.inf, -1.0]), ["ELBO"])
    (line,) = axes.lines
    np.testing.assert_allclose(line.get_xdata(), [15.0, 30.0, 45.0, 60.0])
    np.testing.assert_array_equal(line.get_ydata(), [-3.0, math.nan, math.nan, -1.0])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time [s]", "ELBO [nat]")


def test_long_fits_are_measured_in_minutes(axes):
    draw_components(axes, made([-3.0, -1.0], seconds=1200.0))
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [10.0, 20.0])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time [min]", "components used")


def test_several_figures_are_told_apart_without_colours(axes):
    curve = made([0.0] * 3, fit=[3.0, 2.0, 1.0], latent=[1.0] * 3, backward=[2.0] * 3)
    draw_figures(axes, curve, ["fit", "latent", "backward"])
    assert set(lines(axes)) == {"fit", "latent", "backward"}
    assert len({line.get_linestyle() for line in axes.lines}) == 3
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(lines(axes))


def test_a_single_point_is_seen(axes):
    draw_figures(axes, made([math.nan, -1.0, math.nan]), ["ELBO"])
    assert axes.lines[0].get_marker() == "."


@pytest.mark.parametrize(("first", "scale"), [(-20.0, "linear"), (-1e6, "symlog")])
def test_values_that_differ_by_magnitudes_are_all_seen(axes, first, scale):
    draw_figures(axes, made([first, -3.0, -2.0]), ["ELBO"])
    assert axes.get_yscale() == scale
    low, high = axes.get_ylim()
    assert low < first and high > -2.0


@pytest.mark.parametrize(
    ("curve", "panels"),
    [
        (made([-3.0, -1.0], used=1), 1),
        (made([-3.0, -1.0]), 2),
        (made([-3.0, -1.0], **{"log-likelihood": [-2.0, -1.0]}), 3),
        (made([-3.0, -1.0], **{"joint log-likelihood": [-2.0, math.nan]}), 2),
        (TrainingCurve((CurvePoint(0, 1.0, 0.0, math.nan, 0, {}),)), 1),
        (TrainingCurve((CurvePoint(1, 1.0, 2.0, 1.0, 1, {"rows": 4.0}),)), 1),
    ],
)
def test_a_picture_has_a_panel_for_whatever_is_known(curve, panels, tmp_path):
    picture = TrainingPicture(curve, -1.5, "title", "subtitle")
    save_training_picture(tmp_path / "curve.png", picture)
    image = imread(tmp_path / "curve.png")[..., :3]
    frame = (np.abs(image - 212 / 255) < 0.05).all(axis=2).mean(axis=0) > 0.4  # grey all the way
    sides = np.flatnonzero(frame & ~np.roll(frame, 1))
    assert len(sides) == 2 * panels


def test_how_long_a_fit_was_is_told_in_words():
    assert told(made([-3.0, -1.0])) == "20 updates in 60 s, 30 s of processor time"
    lost = TrainingCurve((CurvePoint(40_000, 1.0, 1500.0, math.nan, 4, {}),))
    assert told(lost) == "40,000 updates in 25 min"
