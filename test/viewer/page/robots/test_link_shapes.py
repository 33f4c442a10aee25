# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.kinematics.chains.joint_tree import BASE, WORLD
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.page.robots.link_shapes import LinkShape, shape_poses

TRIANGLE = np.eye(3), np.array([[0, 1, 2]])


def at_link(robot, link):
    joint, T_joint_link = robot.frame(link)
    return LinkShape(link, joint, T_joint_link, *TRIANGLE)


@pytest.mark.parametrize(
    ("name", "root", "links"),
    [
        ("panda", None, ("panda_link4", "panda_link8")),
        ("panda", "panda_link3", ("panda_link0", "panda_link8")),
        ("talos", None, ("base_link", "gripper_left_base_link", "leg_right_6_link")),
    ],
)
def test_shapes_are_where_the_links_are(name, root, links):
    robot = RobotModel.load(name, root=root)
    q = np.random.default_rng(1).uniform(robot.lower, robot.upper, (4, robot.nq))
    poses = shape_poses(robot, [at_link(robot, link) for link in links], q)
    for link, T_root_shape in zip(links, poses, strict=True):
        expected = robot.forward(q, link)
        np.testing.assert_allclose(T_root_shape, expected[: len(T_root_shape)], atol=1e-9)


def test_what_no_joint_moves_is_placed_once():
    panda, talos = RobotModel.load("panda"), RobotModel.load("talos")
    on_base = LinkShape("base", BASE, np.eye(4), *TRIANGLE)
    in_world = LinkShape("floor", WORLD, np.eye(4), *TRIANGLE)
    assert [len(T) for T in shape_poses(panda, [on_base], np.zeros((3, panda.nq)))] == [1]
    q = np.tile(talos.ready, (3, 1))
    assert [len(T) for T in shape_poses(talos, [on_base, in_world], q)] == [3, 1]
