# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from builtin_interfaces.msg import Time

from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.transforms import TransformTopic, transforms_to_msgs

POSE = np.array([1.0, -2.0, 3.0, 0.5, -0.5, 0.5, 0.5])


def test_a_message_places_a_frame_in_its_parent():
    frames = {"a": pose_to_matrix(POSE), "b": np.eye(4)}
    first, second = transforms_to_msgs("base", frames, Time(sec=7))
    assert (first.header.frame_id, first.child_frame_id, second.child_frame_id) == (
        "base",
        "a",
        "b",
    )
    assert first.header.stamp.sec == 7
    p, r = first.transform.translation, first.transform.rotation
    expected = matrix_to_pose(pose_to_matrix(POSE))
    np.testing.assert_allclose([p.x, p.y, p.z, r.x, r.y, r.z, r.w], expected, atol=1e-12)
    assert second.transform.rotation.w == 1.0


def test_the_links_of_the_shown_sample_are_published(start, store, robot):
    tf2 = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not among the wheels of PyPI")
    session = start(model_store=str(store), default_model="tiny_pose", tf_prefix="ghost")
    seen = []
    session.user.create_subscription(tf2.TFMessage, "/tf_static", seen.append, latched())
    context = matrix_to_pose(robot.forward(robot.ready)).tolist()
    q = np.array(session.sample(context=context, num_samples=1, seed=1).positions)
    tip = f"ghost/{robot.tip}"

    def distance() -> float:
        p = {one.child_frame_id: one.transform.translation for one in seen[-1].transforms}[tip]
        return np.linalg.norm(robot.forward(q)[:3, 3] - [p.x, p.y, p.z])

    session.until(lambda: seen and distance() < 1e-9)
    placed = {one.child_frame_id for one in seen[-1].transforms}
    assert placed == {f"ghost/{name}" for name in robot.frame_names}


@pytest.mark.skipif("__import__('importlib').util.find_spec('tf2_msgs')", reason="it is installed")
def test_without_tf2_nothing_is_published(session):
    topic = TransformTopic(session.user, "/tf_static", latched())
    assert not topic.is_wanted
    topic.publish(transforms_to_msgs("base", {"a": np.eye(4)}, Time()))
    assert not session.user.count_publishers("/tf_static")
