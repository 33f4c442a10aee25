# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped

from vi_ik_ros.nodes.sampling.position_ik.codes import Code

TOLERANCE = 2e-4  # [m]


def answer(front, asking):
    return front.answer(asking.request, asking.types.Response())


def positions(response, robot):
    state = response.solution.joint_state
    values = dict(zip(state.name, state.position, strict=True))
    return np.array([values[name] for name in robot.joint_names])


def set_state(asking, robot, q):
    asking.asked.robot_state.joint_state.name = list(robot.joint_names)
    asking.asked.robot_state.joint_state.position = [float(value) for value in q]


def test_solution_meets_the_pose(front, asking, robot):
    response = answer(front, asking)
    assert response.error_code.val == Code.SUCCESS
    q = positions(response, robot)
    reached, wanted = robot.forward(q), robot.forward(asking.q)
    assert np.abs(reached - wanted).max() < 2e-3
    assert np.linalg.norm(reached[:3, 3] - wanted[:3, 3]) < TOLERANCE
    assert robot.within_limits(q[None])[0]
    assert response.solution.joint_state.header.frame_id == robot.root


def test_solution_for_a_small_step_stays_beside_the_seed_state(front, asking, robot):
    set_state(asking, robot, asking.q + 0.02)
    response = answer(front, asking)
    assert response.error_code.val == Code.SUCCESS
    assert np.abs(positions(response, robot) - asking.q).max() < 0.1


def test_solution_far_from_the_seed_state_is_the_nearest_one(front, asking, robot):
    far = robot.lower + 0.05 * (robot.upper - robot.lower)
    set_state(asking, robot, far)
    near = positions(answer(front, asking), robot)
    asking.asked.robot_state.joint_state.name = []
    asking.asked.robot_state.joint_state.position = []
    others = [positions(answer(front, asking), robot) for _ in range(8)]
    distances = [np.abs(q - far).max() for q in others]
    assert np.abs(near - far).max() <= np.median(distances) + 1e-9


def test_further_joints_come_back_in_the_order_of_the_request(front, asking, robot):
    names = ["finger", *reversed(robot.joint_names), "lid"]
    state = asking.asked.robot_state.joint_state
    state.name = names
    state.position = [0.01, *reversed(asking.q.tolist()), 0.7]
    response = answer(front, asking)
    assert list(response.solution.joint_state.name) == names
    assert response.solution.joint_state.position[0] == 0.01
    assert response.solution.joint_state.position[-1] == 0.7


def test_pose_vector_with_one_link_counts_as_the_pose(front, asking, robot):
    asking.asked.pose_stamped_vector = [asking.asked.pose_stamped]
    asking.asked.pose_stamped = PoseStamped()
    asking.asked.ik_link_names = [robot.tip]
    assert answer(front, asking).error_code.val == Code.SUCCESS


def test_link_that_is_fixed_to_the_tip_is_placed(front, asking, robot):
    asking.asked.ik_link_name = "panda_hand"
    response = answer(front, asking)
    assert response.error_code.val == Code.SUCCESS
    reached = robot.forward(positions(response, robot), "panda_hand")
    np.testing.assert_allclose(reached, robot.forward(asking.q), atol=2e-3)


def test_pose_in_another_frame_is_converted(front, asking, robot):
    asking.asked.pose_stamped.header.frame_id = "shelf"
    asking.asked.pose_stamped.pose.position.z -= 0.2
    response = answer(front, asking)
    reached = robot.forward(positions(response, robot))
    np.testing.assert_allclose(reached, robot.forward(asking.q), atol=2e-3)


def test_self_collision_is_avoided(front, asking):
    asking.asked.avoid_collisions = True
    assert answer(front, asking).error_code.val == Code.SUCCESS


def no_group(asked):
    asked.group_name = "gripper"


def position_model(asked):
    asked.group_name = "tiny_position"


def two_links(asked):
    asked.ik_link_names = ["a", "b"]
    asked.pose_stamped_vector = [asked.pose_stamped, asked.pose_stamped]


def wrong_link(asked):
    asked.ik_link_name = "panda_link3"


def unknown_link(asked):
    asked.ik_link_name = "no_such_link"


def out_of_reach(asked):
    asked.pose_stamped.pose.position.x = 3.0


def no_rotation(asked):
    asked.pose_stamped.pose.orientation.w = 7.0


def half_a_state(asked):
    asked.robot_state.joint_state.name = ["panda_joint1"]
    asked.robot_state.joint_state.position = [0.0]


def state_without_positions(asked):
    asked.robot_state.joint_state.name = ["panda_joint1"]


def not_a_number(asked):
    asked.robot_state.joint_state.name = ["panda_joint1"]
    asked.robot_state.joint_state.position = [float("nan")]


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (no_group, Code.INVALID_GROUP_NAME, "group_name: got gripper, expected one of"),
        (position_model, Code.INVALID_GROUP_NAME, "tiny_position"),
        (two_links, Code.INVALID_LINK_NAME, "ik_link_names"),
        (wrong_link, Code.INVALID_LINK_NAME, "panda_link3"),
        (unknown_link, Code.INVALID_LINK_NAME, "no_such_link"),
        (out_of_reach, Code.NO_IK_SOLUTION, "reach"),
        (no_rotation, Code.INVALID_GOAL_CONSTRAINTS, "orientation"),
        (half_a_state, Code.INVALID_ROBOT_STATE, "panda_joint2"),
        (state_without_positions, Code.INVALID_ROBOT_STATE, "joint_state"),
        (not_a_number, Code.INVALID_ROBOT_STATE, "finite"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_answered_gets_its_code_and_a_line(front, asking, spoil, code, words):
    spoil(asking.asked)
    response = answer(front, asking)
    assert response.error_code.val == code
    assert words in response.error_code.message
    assert not response.solution.joint_state.name


def test_time_that_is_up_is_told(front, asking):
    asking.asked.timeout.nanosec = 1
    assert answer(front, asking).error_code.val == Code.TIMED_OUT


def test_fault_becomes_an_answer(front, asking, faults, monkeypatch):
    def fails(*_):
        raise ZeroDivisionError("one over none")

    monkeypatch.setattr(front.frames, "pose_of", fails)
    response = answer(front, asking)
    assert response.error_code.val == Code.FAILURE
    assert isinstance(faults.pop(), ZeroDivisionError)
