# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.body import (
    GREY,
    THICKEST,
    THINNEST,
    body_capsules,
    end_links,
    joint_frames,
    link_capsules,
)

RED = np.array([0.9, 0.1, 0.1])


@pytest.fixture(scope="module")
def talos():
    return RobotModel.load("talos")


def draws(robot, count):
    return np.random.default_rng(0).uniform(robot.lower, robot.upper, (count, robot.nq))


@pytest.mark.parametrize("name", ["talos", "planar_bimanual", "tiago_arm"])
def test_links_stand_where_pinocchio_puts_them(name):
    robot = RobotModel.load(name)
    q = draws(robot, 4)
    T_root_base, frames = joint_frames(robot.tree, q)
    for link in robot.frame_names[1::5]:
        joint, T_joint_link = robot.tree.frames[link]
        placed = (frames[:, joint] if joint >= 0 else T_root_base) @ T_joint_link
        expected = RobotModel.load(name, root=robot.tree.root).forward(q, link)
        np.testing.assert_allclose(placed, expected, atol=1e-9)


def test_limbs_end_at_head_hands_and_feet(talos):
    ends = end_links(talos.tree)
    limbs = [talos.tree.joints[talos.tree.frames[link][0]].name for link in ends]
    assert limbs == [
        "torso_2_joint",  # the head is locked to it
        "arm_left_7_joint",
        "arm_right_7_joint",
        "leg_left_6_joint",
        "leg_right_6_joint",
    ]
    assert {"left_sole_link", "right_sole_link"} < set(ends)
    assert end_links(RobotModel.load("planar_bimanual").tree) == ("left_hand", "right_hand")


def test_capsules_lead_from_joint_to_joint_and_to_the_ends(talos):
    q = draws(talos, 3)
    bodies = body_capsules(talos.tree, q, {"arm_left": RED}, ["left_sole_link"])
    sole = talos.forward(q, "left_sole_link")[:, :3, 3]
    np.testing.assert_allclose(bodies.end[-3:], sole, atol=1e-9)
    assert len(bodies.start) % 3 == 0 and len(bodies.start) > 3 * 12
    assert bodies.radius.min() >= THINNEST and bodies.radius.max() <= THICKEST
    assert np.ptp(bodies.radius) > 0.03  # a thigh is thicker than a forearm
    red, grey = ((bodies.color == color).all(1).sum() for color in (RED, GREY))
    assert red > 0 and grey > 0 and red + grey == len(bodies.color)


def test_a_rod_stays_on_its_link(talos):
    q = draws(talos, 2)
    ends = np.array([[-0.1, 0.0, 0.0], [0.1, 0.0, 0.0]])
    foot = link_capsules(talos.tree, q, "left_sole_link", ends, 0.03)
    T = talos.forward(q, "left_sole_link")
    np.testing.assert_allclose(0.5 * (foot.start + foot.end), T[:, :3, 3], atol=1e-9)
    np.testing.assert_allclose(foot.end - foot.start, 0.2 * T[:, :3, 0], atol=1e-9)
