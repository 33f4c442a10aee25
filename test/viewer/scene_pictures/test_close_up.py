# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.viewer.scene_pictures.close_up import BESIDE, FARTHEST, before_section, close_up
from vi_ik_ros.viewer.scene_pictures.picture_model import section

ASPECT = 4.0 / 3.0


@pytest.mark.parametrize("x", [-10.0, -3.0, 0.0, 12.0])
@pytest.mark.parametrize("z", [-2.5, 0.0, 5.0])
def test_tip_and_recess_are_in_the_picture(scene, x, z):
    view = close_up(scene, np.array([x, 0.0, z]), ASPECT)
    wide = 0.5 * ASPECT * view.height
    for seen in (x, -0.5e3 * scene.recess.width, 0.5e3 * scene.recess.width):
        assert abs(seen - view.center[0]) <= wide - BESIDE + 1e-9
    assert abs(z - view.center[2]) < 0.5 * view.height
    assert abs(-1e3 * scene.recess.depth - view.center[2]) < 0.5 * view.height


def test_the_camera_comes_nearer_without_jumps(scene):
    heights = [close_up(scene, np.array([x, 0.0, 0.0]), ASPECT).height for x in np.arange(-9, 0.1)]
    assert heights[0] > 1.3 * heights[-1] and np.all(np.diff(heights) <= 0.0)
    assert np.abs(np.diff(heights)).max() < 1.0


def test_a_tip_that_misses_the_recess_leaves_it_behind(scene):
    views = [close_up(scene, np.array([x, 0.0, 0.0]), ASPECT) for x in (FARTHEST + 5.0, 60.0)]
    assert views[0].height == pytest.approx(views[1].height)


def test_points_are_brought_before_the_section(scene):
    cut = section(scene)
    assert before_section(scene, np.array([1.0, cut + 0.3, 2.0]), 0.5)[1] == pytest.approx(
        cut - 0.5
    )
    in_front = np.array([1.0, cut - 2.0, 2.0])
    np.testing.assert_array_equal(before_section(scene, in_front, 0.5), in_front)
