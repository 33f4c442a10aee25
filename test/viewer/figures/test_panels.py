# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from matplotlib.image import imread
from scipy.stats import norm

from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.viewer.capsules import Capsules
from vi_ik_ros.viewer.figures.canvas import Canvas, caption
from vi_ik_ros.viewer.figures.density_panel import Plane, draw_components, draw_density
from vi_ik_ros.viewer.figures.planar_panel import draw_arms, draw_ground, draw_target
from vi_ik_ros.viewer.figures.robot_panel import draw_robots, looking_from
from vi_ik_ros.viewer.render import overlay, render

LOWER, UPPER = np.array([-1.0, -2.0]), np.array([1.0, 2.0])
SCALE = np.array([[[0.3, 0.0], [0.1, 0.2]]])


@pytest.fixture
def ball():
    place = np.array([[0.0, 0.0, 0.5]])
    return Capsules(place, place, np.array([0.1]), np.array([[0.9, 0.1, 0.1]]))


def test_a_page_has_panels_of_the_asked_shapes_side_by_side(tmp_path):
    canvas = Canvas("title", "subtitle", widths=(1.0, 0.5), height=5.0)
    caption(canvas.panels[0], "panel", "note")
    canvas.save(tmp_path / "page.png")
    image = imread(tmp_path / "page.png")
    boxes = [axes.get_position() for axes in canvas.panels]
    sizes = [(b.width * image.shape[1], b.height * image.shape[0]) for b in boxes]
    assert sizes[0][0] == pytest.approx(sizes[0][1], rel=0.01)
    assert sizes[1][0] == pytest.approx(0.5 * sizes[1][1], rel=0.01)
    assert boxes[0].x1 < boxes[1].x0 and boxes[1].x1 < 1.0
    assert np.ptp(image[: image.shape[0] // 4, :, :3]) > 0.5  # the headline


def test_a_plane_covers_the_limits_and_the_margin_with_midpoints():
    plane = Plane.around(LOWER, UPPER, cells=10, margin=0.5)
    assert (len(plane.first), len(plane.second)) == (6, 10)
    assert plane.second[0] == pytest.approx(-2.25) and plane.second[-1] == pytest.approx(2.25)
    assert plane.q.shape == (60, 2)
    np.testing.assert_array_equal(plane.q[3 * 6 + 2], [plane.first[2], plane.second[3]])


def test_outlines_lie_two_deviations_from_the_centre():
    mixture = GaussianMixture(np.zeros(1), np.zeros((1, 2)), SCALE, lower=LOWER, upper=UPPER)
    axes = Canvas("", "", (1.0,)).panels[0]
    draw_components(axes, mixture)
    (outline,) = axes.get_lines()
    u = np.linalg.solve(SCALE[0], outline.get_xydata().T)
    np.testing.assert_allclose(np.linalg.norm(u, axis=0), 2.0)


def test_images_of_a_standard_normal_have_its_density():
    mixture = BananaMixture(
        np.zeros(1),
        np.array([[0.2, -0.1]]),
        SCALE,
        direction=np.array([[[0.0, 1.0]]]),
        curvature=np.array([[[[0.7, 0.0], [0.0, 0.0]]]]),
        lower=LOWER,
        upper=UPPER,
    )
    eta = np.random.default_rng(0).standard_normal((5, 2))
    q = mixture.image(eta, np.zeros(5, int))
    expected = norm.logpdf(eta).sum(1) - np.log(np.linalg.det(SCALE[0]))
    np.testing.assert_allclose(mixture.log_prob(q[None], np.empty((1, 0)))[0], expected)
    straight = mixture.loc + eta @ SCALE[0].T
    assert np.abs(q - straight).max() > 0.01


def test_a_density_is_dark_where_it_is_high():
    axes = Canvas("", "", (1.0,)).panels[0]
    plane = Plane.around(LOWER, UPPER, cells=20, margin=0.5)
    draw_density(axes, plane, -(plane.q**2).sum(-1), lines=True)
    image = axes.get_images()[0].get_array()
    assert image.max() == 1.0 and np.unravel_index(image.argmax(), image.shape)[0] in (9, 10)
    assert axes.get_xlim() == (-1.5, 1.5) and axes.get_ylim() == (-2.5, 2.5)


def test_planar_arms_are_drawn_to_scale(tmp_path):
    canvas = Canvas("", "", (2.0,))
    axes = canvas.panels[0]
    draw_ground(axes, (-2.0, -1.0), (2.0, 1.0))
    draw_arms(axes, np.array([[[0.0, 0.0], [1.0, 0.0], [1.0, 0.5]]]), "#2f7fb8")
    draw_target(axes, (1.0, 0.5), "#e0913c", 0.1)
    canvas.save(tmp_path / "arms.png")
    assert np.ptp(imread(tmp_path / "arms.png")[..., :3]) > 0.5
    x, y = axes.transData.transform([[0.0, 0.0], [1.0, 1.0]]).T
    assert np.diff(x) == pytest.approx(np.diff(y))


def test_what_is_laid_over_a_picture_shines_through(ball):
    camera = looking_from(0.3, 0.4, (60, 60))
    blank = np.ones((60, 60, 3))
    none, half, full = (overlay(blank, ball, camera, alpha=alpha) for alpha in (0.0, 0.5, 1.0))
    np.testing.assert_array_equal(none, blank)
    np.testing.assert_allclose(half, 0.5 * (blank + full))
    changed = (full != 1.0).any(-1)
    assert 0 < changed.sum() < changed.size
    assert render(ball, camera)[changed].mean() < 0.9


def test_robots_fill_a_panel(ball):
    axes = Canvas("", "", (1.0,)).panels[0]
    camera = looking_from(0.3, 0.4, (40, 40))
    draw_robots(axes, ball, [ball, ball], camera, alpha=0.3)
    assert np.ptp(axes.get_images()[0].get_array()) > 0.3
