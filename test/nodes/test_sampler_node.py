# SPDX-License-Identifier: Apache-2.0
from collections import Counter

import numpy as np
import pytest
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from std_msgs.msg import Header, String
from visualization_msgs.msg import Marker, MarkerArray

from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.msg import ModelInfo
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.sampling.conversions import pose_to_msg
from vi_ik_ros.nodes.sampling.frames import FrameLookup
from vi_ik_ros.srv import SampleConfigurations

Answer = SampleConfigurations.Response
POSE = np.array([0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0])


def rows_of(answer):
    return np.array(answer.positions).reshape(-1, len(answer.joint_names))


def stamp_of(array: MarkerArray):
    return array.markers[0].header.stamp


def test_raw_answer_has_all_rows_within_limits(session, robot):
    other = [0.3, -0.3, 0.5, 0.0, 1.0, 0.0, 0.0]
    targets = [pose_to_msg(POSE), pose_to_msg(other)]
    answer = session.sample(targets=targets, num_samples=40, seed=3)
    assert answer.error_code == Answer.NONE
    assert answer.joint_names == list(robot.joint_names)
    assert list(answer.counts) == [40, 40]
    q = rows_of(answer)
    assert q.shape == (80, 7)
    assert robot.within_limits(q).all()
    names = ("log_prob", "component", "source", "converged", "iterations", "position_error")
    assert {len(getattr(answer, name)) for name in names} == {80}
    assert np.isfinite(answer.log_prob).all()
    T = robot.forward(q[:40])
    error = np.linalg.norm(T[:, :3, 3] - POSE[:3], axis=1)
    np.testing.assert_allclose(answer.position_error[:40], error, atol=1e-9)


def test_refined_answer_reaches_the_target(session, robot):
    answer = session.sample(
        targets=[pose_to_msg(POSE)], num_samples=5, seed=3, refine=True, distinct_tolerance=0.2
    )
    good = np.array(answer.converged)
    assert good.any()
    T = robot.forward(rows_of(answer)[good])
    assert np.abs(T - pose_to_matrix(POSE)).max() < 2e-3
    assert answer.elapsed > 0.0


def test_same_seed_same_bits_and_batch_equals_single(session):
    other = pose_to_msg([0.3, -0.3, 0.5, 0.0, 1.0, 0.0, 0.0])
    both = session.sample(targets=[pose_to_msg(POSE), other], num_samples=7, seed=9)
    one = session.sample(targets=[pose_to_msg(POSE)], num_samples=7, seed=9)
    # The float32 network sums a batch of two in another order than a batch of one.
    np.testing.assert_allclose(rows_of(both)[:7], rows_of(one), atol=1e-5)
    again = session.sample(targets=[pose_to_msg(POSE)], num_samples=7, seed=9)
    np.testing.assert_array_equal(rows_of(again), rows_of(one))
    fresh = [session.sample(targets=[other], num_samples=3) for _ in range(2)]
    assert not np.array_equal(rows_of(fresh[0]), rows_of(fresh[1]))


def test_unreachable_target_is_told(session):
    far = pose_to_msg([2.0, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0])
    answer = session.sample(targets=[far], num_samples=3, seed=1, refine=True, timeout=1.0)
    assert answer.error_code == Answer.NONE
    assert answer.target_status[0] in (Answer.UNREACHABLE, Answer.OUT_OF_DISTRIBUTION)
    assert answer.target_msg[0]
    assert not any(answer.converged)


def test_base_frame_may_be_named_or_left_out(session):
    named = Header(frame_id="panda_link0")
    a = session.sample(targets=[pose_to_msg(POSE)], num_samples=2, seed=4, header=named)
    b = session.sample(targets=[pose_to_msg(POSE)], num_samples=2, seed=4)
    np.testing.assert_array_equal(rows_of(a), rows_of(b))


def test_position_model_answers_positions(session, robot):
    answer = session.sample(
        model="tiny_position", targets=[pose_to_msg(POSE)], num_samples=4, seed=2, refine=True
    )
    good = np.array(answer.converged)
    assert good.any()
    T = robot.forward(rows_of(answer)[good])
    assert np.linalg.norm(T[:, :3, 3] - POSE[:3], axis=1).max() < 2e-4


def test_list_models_tells_what_they_are(session):
    models = session.models()
    info = models["tiny_pose"]
    assert info.is_default
    assert not models["tiny_position"].is_default
    assert (info.robot, info.base_frame, info.tip_frame) == ("panda", "panda_link0", "panda_link8")
    assert (info.num_dims, info.num_components, info.context_size) == (7, 4, 7)
    assert [entry.kind for entry in info.context] == ["pose"]
    assert len(info.context[0].lower) == 7
    assert (info.score_names, list(info.score_values)) == (["elbo [nat]"], [-1.0])
    answer = session.sample(targets=[pose_to_msg(POSE)], num_samples=1)
    assert answer.model_digest == info.digest


def test_late_reader_gets_every_model(session):
    seen = {}
    session.user.create_subscription(
        ModelInfo,
        f"{session.name}/models",
        lambda info: seen.update({info.name: info}),
        latched(256),
    )
    session.until(lambda: {"tiny_pose", "tiny_position"} <= seen.keys())


def test_last_answer_is_shown_to_those_who_watch(session, robot):
    markers, states = [], []
    user = session.user
    user.create_subscription(MarkerArray, f"{session.name}/markers", markers.append, latched())
    user.create_subscription(JointState, f"{session.name}/sampled_joint_states", states.append, 10)
    node = session.node
    session.until(
        lambda: (
            node.count_subscribers(f"{session.name}/markers")
            and node.count_subscribers(f"{session.name}/sampled_joint_states")
        )
    )
    answer = session.sample(targets=[pose_to_msg(POSE)], num_samples=3, seed=5)
    best = rows_of(answer)[np.argmax(answer.log_prob)]
    session.until(lambda: states and np.array_equal(states[-1].position, best))
    session.until(lambda: markers and stamp_of(markers[-1]) == states[-1].header.stamp)
    assert list(states[-1].name) == list(robot.joint_names)
    clear, *shown = markers[-1].markers
    assert clear.action == Marker.DELETEALL
    assert {marker.header.frame_id for marker in shown} == {"panda_link0"}
    assert Counter(marker.ns for marker in shown) == {"component": 6, "log_density": 6, "target": 1}
    solid = [marker for marker in shown if marker.ns != "target" and marker.color.a == 1.0]
    assert [marker.type for marker in solid] == [Marker.LINE_STRIP, Marker.SPHERE_LIST] * 2
    tip = solid[0].points[-1]
    np.testing.assert_allclose([tip.x, tip.y, tip.z], robot.forward(best)[:3, 3], atol=1e-9)


def test_last_answer_is_shown_to_those_who_come_late(session, robot):
    answer = session.sample(targets=[pose_to_msg(POSE)], num_samples=1, seed=6)
    markers, states = [], []
    topics = f"{session.name}/markers", f"{session.name}/sampled_joint_states"
    session.user.create_subscription(MarkerArray, topics[0], markers.append, latched())
    session.user.create_subscription(JointState, topics[1], states.append, 10)
    session.until(lambda: markers and states)
    np.testing.assert_array_equal(states[-1].position, rows_of(answer)[0])
    tip = markers[-1].markers[1].points[-1]
    T = robot.forward(rows_of(answer)[0])
    np.testing.assert_allclose([tip.x, tip.y, tip.z], T[:3, 3], atol=1e-9)


def test_robot_description_is_published_for_those_who_come_late(start, store, robot):
    session = start(
        model_store=str(store), default_model="tiny_pose", publish_robot_description=True
    )
    seen = []
    topic = f"{session.name.rpartition('/')[0]}/robot_description"
    session.user.create_subscription(String, topic, seen.append, latched())
    session.until(lambda: seen)
    assert seen[0].data == robot.urdf_text


def test_robot_description_topic_checks_the_models_against_it(start, store, robot):
    session = start(
        model_store=str(store),
        default_model="tiny_pose",
        robot_description_topic="/robot_description",
    )
    served = session.node._models.get("tiny_pose")
    publisher = session.user.create_publisher(String, "/robot_description", latched())
    publisher.publish(String(data=robot.urdf_text))
    session.until(lambda: session.node._models.get("tiny_pose") is not served)
    served = session.node._models.get("tiny_pose")
    publisher.publish(String(data=robot.urdf_text.replace("2.8973", "2.0")))
    session.until(lambda: session.node._models.listed()["tiny_pose"].refusal)
    assert session.node._models.get("tiny_pose") is served  # The old one goes on.


def test_models_of_another_robot_are_refused(start, store):
    session = start(model_store=str(store), default_model="tiny_pose", robot="planar3")
    answer = session.sample(targets=[pose_to_msg(POSE)], num_samples=1)
    assert answer.error_code == Answer.MODEL_REFUSED
    assert "panda_joint1" in answer.error_msg


def test_targets_of_another_frame_are_moved_to_the_base(session, monkeypatch):
    T_base_table = pose_to_matrix(np.array([0.1, -0.2, 0.3, 0.0, 0.0, 0.6, 0.8]))
    pose = matrix_to_pose(np.linalg.inv(T_base_table) @ pose_to_matrix(POSE))
    monkeypatch.setattr(FrameLookup, "pose_of", lambda *arguments: T_base_table)
    moved = session.sample(targets=[pose_to_msg(pose)], num_samples=4, seed=6)
    monkeypatch.undo()
    direct = session.sample(targets=[pose_to_msg(POSE)], num_samples=4, seed=6)
    np.testing.assert_allclose(rows_of(moved), rows_of(direct), atol=1e-4)


def test_parameters_are_read_only_and_described(session):
    node = session.node
    described = node.describe_parameter("check_period")
    assert described.read_only
    assert "[s]" in described.description
    assert described.floating_point_range[0].from_value == 0.05
    assert not node.set_parameters([Parameter("threads", value=2)])[0].successful


def test_parameters_out_of_range_are_refused_with_the_range(start):
    from vi_ik_ros.exceptions import InvalidInput

    with pytest.raises(InvalidInput, match=r"max_num_samples: got 0, expected .* 1 or more"):
        start(max_num_samples=0)
