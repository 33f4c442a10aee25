# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.viewer.capsules import Capsules
from vi_ik_ros.viewer.render import BACKGROUND, Camera, render

FROM_FRONT = np.array([0.0, -1.0, 0.0])


def one(start, end, radius=0.1, color=(1.0, 0.0, 0.0)):
    return Capsules(np.array([start]), np.array([end]), np.array([radius]), np.array([color]))


def is_red(picture):
    return picture[..., 0] > picture[..., 1] + 0.25


@pytest.mark.parametrize(
    ("start", "end"),
    [((0, 0, 0), (0, 0, 0)), ((-0.2, 0, 0), (0.2, 0, 0)), ((0, -0.3, 0), (0, 0.3, 0))],
)
def test_silhouette_of_a_capsule_has_its_area(start, end):
    camera = Camera(np.zeros(3), FROM_FRONT, 1.0, (200, 200))
    seen = np.hypot(end[0] - start[0], end[2] - start[2])
    area = np.pi * 0.1**2 + 2 * 0.1 * seen
    drawn = is_red(render(one(start, end), camera)).sum() / 200.0**2
    assert drawn == pytest.approx(area, rel=0.02)


def test_nearer_capsule_hides_the_farther_one():
    far, near = one((0, 1, 0), (0, 1, 0)), one((0, -1, 0), (0, -1, 0), color=(0.0, 0.0, 1.0))
    camera = Camera(np.zeros(3), FROM_FRONT, 1.0, (60, 60))
    for scene in (Capsules.join([far, near]), Capsules.join([near, far])):
        middle = render(scene, camera)[30, 30]
        assert middle[2] > middle[0] + 0.25


def test_camera_projects_its_center_to_the_middle_and_up_to_smaller_rows():
    camera = Camera(np.array([1.0, 2.0, 3.0]), FROM_FRONT, 2.0, (80, 40))
    np.testing.assert_allclose(camera.project(camera.center), [40, 20, 0])
    np.testing.assert_allclose(camera.project(camera.center + [0.5, 0, 0.5]), [50, 10, 0])


def test_shadow_lies_on_the_floor_under_a_sphere():
    down = np.array([0.0, -0.6, 0.8])
    camera = Camera(np.zeros(3), down, 2.0, (120, 120))
    lit = render(one((0, 0, -5), (0, 0, -5)), camera)  # under the floor: nothing to be seen
    shaded = render(one((0, 0, 0.5), (0, 0, 0.5)), camera)
    darker = (shaded.mean(axis=-1) < lit.mean(axis=-1) - 0.1) & ~is_red(shaded)
    assert darker.sum() > 50


def test_nothing_but_background_where_the_camera_sees_no_floor():
    camera = Camera(np.array([0.0, 0.0, 5.0]), FROM_FRONT, 1.0, (20, 20))
    picture = render(one((0, 0, 0), (0, 0, 0)), camera)
    assert np.array_equal(picture, np.broadcast_to(BACKGROUND, picture.shape))
