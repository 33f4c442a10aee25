# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.robot_model import RobotModel


@pytest.mark.parametrize("name", ["panda", "racer5", "planar2", "planar3", "planar10"])
def test_the_ready_posture_is_free(robots, name):
    robot = robots[name]
    assert not SelfCollision(robot).in_collision(robot.ready[None])[0]


def test_panda_reaching_into_its_base_collides(robots):
    robot = robots["panda"]
    folded = np.array([0.0, 0.4, 0.0, -3.0, 0.0, 1.5, 0.0])
    rows = np.stack([robot.ready, folded, robot.ready])
    assert np.linalg.norm(robot.forward(folded)[:3, 3]) < 0.2  # the flange is in the base
    assert SelfCollision(robot).in_collision(rows).tolist() == [False, True, False]


def test_planar_links_that_cross_collide(robots):
    collision = SelfCollision(robots["planar4"])
    crossing = np.array([0.0, 2.2, 2.2, 1.0])
    assert collision.in_collision(np.stack([np.zeros(4), crossing])).tolist() == [False, True]


def test_own_panda_agrees_with_the_meshes_on_most_postures(robots, draw):
    own, q = robots["panda"], draw(robots["panda"], 300, seed=1)
    spec = {"urdf": "example-robot-data:panda", "locked": {"panda_finger_joint1": 0.02}}
    meshes = SelfCollision(RobotModel.load(spec)).in_collision(q)
    agreement = (SelfCollision(own).in_collision(q) == meshes).mean()
    assert 0.03 < meshes.mean() < 0.2
    assert agreement > 0.94


def test_neighbours_are_not_checked(robots):
    robot = robots["panda"]
    pairs = SelfCollision(robot).pairs
    assert pairs
    joints = {name: joint for name, (joint, _) in robot.tree.frames.items()}
    for first, second in pairs:
        a, b = (joints[name.rsplit("_", 1)[0]] for name in (first, second))
        assert abs(a - b) > 1


def test_shapes_that_always_overlap_are_not_checked():
    ball = '<collision><geometry><sphere radius="0.2"/></geometry></collision>'
    links = "".join(f'<link name="{name}">{ball}</link>' for name in "abcd")
    joints = "".join(
        f'<joint name="j{child}" type="revolute"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="{x} 0 0"/><axis xyz="0 0 1"/>'
        '<limit lower="-3" upper="3" velocity="1" effort="1"/></joint>'
        for parent, child, x in [("a", "b", 0.01), ("b", "c", 0.01), ("c", "d", 0.5)]
    )
    robot = RobotModel.load(f'<robot name="balls">{links}{joints}</robot>')
    collision = SelfCollision(robot)
    assert set(collision.pairs) == {("a_0", "d_0"), ("b_0", "d_0")}  # a and c always overlap
    assert not collision.in_collision(np.zeros((1, 3)))[0]


def test_shapes_that_overlap_in_the_ready_posture_are_not_checked():
    collision = SelfCollision(RobotModel.load("talos"))
    assert not collision.in_collision(collision.robot.ready)[0]
    legs = ("leg_left_4_link_0", "leg_right_4_link_0")
    assert legs in collision.pairs
    assert ("base_link_0", "torso_2_link_0") not in collision.pairs


def test_no_rows_give_no_answers(robots):
    assert SelfCollision(robots["planar2"]).in_collision(np.zeros((0, 2))).shape == (0,)


def test_a_robot_without_geometry_is_refused(tree_robot):
    with pytest.raises(RobotError, match="<collision>"):
        SelfCollision(tree_robot)


def test_a_missing_mesh_is_refused_in_one_line(tree_urdf):
    mesh = (
        '<collision><geometry><mesh filename="package://nothing/here.stl"/></geometry></collision>'
    )
    robot = RobotModel.load(
        tree_urdf.replace('<link name="a_tool"/>', f'<link name="a_tool">{mesh}</link>')
    )
    with pytest.raises(RobotError, match="here.stl") as caught:
        SelfCollision(robot)
    assert "\n" not in str(caught.value)


def test_boxes_about_the_shapes_change_no_answer(robots, draw):
    """What is checked pair by pair, without the boxes, comes out the same."""
    collision = SelfCollision(robots["panda"])
    q = draw(robots["panda"], 300)
    pairwise = [collision._touching(row).any() for row in robots["panda"].to_pinocchio(q)]
    assert collision.in_collision(q).tolist() == pairwise and 0 < sum(pairwise) < 300


def test_distances_between_links_tell_collisions(robots, draw):
    robot = robots["racer5"]
    collision, q = SelfCollision(robot), draw(robot, 60, seed=0)
    touching = collision.in_collision(q)
    assert touching.any() and not touching.all()
    np.testing.assert_array_equal(collision.distance(q) <= 0.0, touching)


def test_a_robot_without_pairs_is_infinitely_far_from_itself():
    ball = '<collision><geometry><sphere radius="0.1"/></geometry></collision>'
    joint = '<parent link="a"/><child link="b"/><origin xyz="1 0 0"/><axis xyz="0 0 1"/>'
    limit = '<limit lower="-3" upper="3" velocity="1" effort="1"/>'
    links = f'<link name="a">{ball}</link><link name="b">{ball}</link>'
    text = (
        f'<robot name="two">{links}<joint name="j" type="revolute">{joint}{limit}</joint></robot>'
    )
    robot = RobotModel.load(text)
    assert SelfCollision(robot).distance(robot.ready[None]).tolist() == [np.inf]
