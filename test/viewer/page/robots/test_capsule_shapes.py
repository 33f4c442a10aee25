# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.body import body_capsules, end_links
from vi_ik_ros.viewer.page.robots.capsule_shapes import capsule_shapes
from vi_ik_ros.viewer.page.robots.link_shapes import shape_poses


@pytest.mark.parametrize("name", ["panda", "talos", "planar2"])
def test_each_capsule_has_its_surface_a_radius_about_the_one_that_pictures_show(name):
    robot = RobotModel.load(name)
    q = np.tile(robot.ready, (1, 1))
    shown = body_capsules(robot.tree, q, {}, end_links(robot.tree))
    shapes = capsule_shapes(robot)
    assert len(shapes) == len(shown.radius)
    for shape, T, *ends, radius in zip(
        shapes, shape_poses(robot, shapes, q), shown.start, shown.end, shown.radius, strict=True
    ):
        vertices = shape.vertices @ T[0, :3, :3].T + T[0, :3, 3]
        distance = distances(vertices, *ends)
        assert distance.max() <= radius + 1e-6
        assert distance.max() >= 0.99 * radius


def distances(points, start, end):
    """Return how far points (n, 3) are from a segment."""
    along = end - start
    share = ((points - start) @ along / (along @ along)).clip(0.0, 1.0)
    return np.linalg.norm(points - start - share[:, None] * along, axis=1)


def test_a_robot_is_few_triangles():
    assert sum(len(shape.faces) for shape in capsule_shapes(RobotModel.load("panda"))) < 1000
