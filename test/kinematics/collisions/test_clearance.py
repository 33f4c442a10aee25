# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.kinematics.collisions.clearance import LinkClearance
from vi_ik_ros.kinematics.collisions.solids import Box, HalfSpace, Sphere
from vi_ik_ros.kinematics.robot_model import RobotModel

BALLS = """<robot name="balls"><link name="base"/>
<link name="arm"><collision><origin xyz="1 0 0"/><geometry><sphere radius="0.1"/></geometry>
</collision></link>
<joint name="j" type="revolute"><parent link="base"/><child link="arm"/><axis xyz="0 0 1"/>
<limit lower="-3" upper="3" velocity="1" effort="1"/></joint></robot>"""
Q = np.array([[0.0], [0.5], [1.5]])
CENTERS = np.concatenate([np.cos(Q), np.sin(Q), 0.0 * Q], axis=1)


@pytest.fixture(scope="module")
def ball() -> LinkClearance:
    """A ball of radius 0.1 m that goes round at 1 m."""
    return LinkClearance(RobotModel.load(BALLS))


def test_distances_of_a_ball_are_those_of_the_formulas(ball):
    center = np.array([0.2, 0.9, 0.5])
    found = ball.distance_to([Sphere(tuple(center), 0.3)])(Q)
    np.testing.assert_allclose(found, np.linalg.norm(CENTERS - center, axis=1) - 0.4, atol=1e-6)
    found = ball.distance_to([HalfSpace((0.0, -1.0, 0.0), (0.0, 2.0, 0.0))])(Q)
    np.testing.assert_allclose(found, CENTERS[:, 1] + 0.9, atol=1e-6)
    turned = (0.0, 0.0, 0.0, 0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5))  # by 90 degrees about z
    found = ball.distance_to([Box(turned, (0.2, 1.0, 4.0))])(Q)
    gap = np.maximum(np.abs(CENTERS[:, :2]) - [0.5, 0.1], 0.0)
    np.testing.assert_allclose(found, np.linalg.norm(gap, axis=1) - 0.1, atol=1e-5)


def test_a_solid_that_is_reached_into_has_a_negative_distance(ball):
    found = ball.distance_to([Sphere((1.0, 0.0, 0.0), 0.2)])(Q)
    assert found[0] == pytest.approx(-0.3, abs=1e-5) and (found[1:] > 0.0).all()


def test_the_nearest_of_several_solids_counts(ball):
    solids = [Sphere((2.0, 0.0, 0.0), 0.3), HalfSpace((0.0, -1.0, 0.0), (0.0, 1.0, 0.0))]
    alone = [ball.distance_to([solid])(Q) for solid in solids]
    np.testing.assert_allclose(ball.distance_to(solids)(Q), np.minimum(*alone))


def test_without_solids_nothing_is_near(ball):
    assert np.isinf(ball.distance_to([])(Q)).all()
    assert ball.distance_to([Sphere((0.0, 0.0, 0.0), 1.0)])(np.empty((0, 1))).shape == (0,)


def test_the_fixed_base_may_stand_on_an_obstacle(robots):
    robot = robots["panda"]
    floor = HalfSpace((0.0, 0.0, 0.01), (0.0, 0.0, 1.0))
    assert LinkClearance(robot).distance_to([floor])(robot.ready[None])[0] > 0.05


def test_solids_stand_in_the_root_frame_and_not_in_the_world(robots):
    moved = BALLS.replace(
        "</robot>",
        '<link name="world"/><joint name="w" type="fixed"><origin xyz="0 0 3"/>'
        '<parent link="world"/><child link="base"/></joint></robot>',
    )
    clearance = LinkClearance(RobotModel.load({"urdf": moved, "root": "base"}))
    found = clearance.distance_to([Sphere((2.0, 0.0, 0.0), 0.3)])(Q[:1])
    assert found[0] == pytest.approx(0.6, abs=1e-6)


def test_meshes_count_as_their_hulls(robots):
    robot = RobotModel.load("talos")
    found = LinkClearance(robot).distance_to([Sphere((5.0, 0.0, 1.0), 0.1)])(robot.ready[None])
    assert 4.0 < found[0] < 5.0
