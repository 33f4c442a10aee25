# SPDX-License-Identifier: Apache-2.0
"""A sampler node that serves configurations of a robot with a floating base."""

import numpy as np
import pinocchio as pin
import pytest
from sensor_msgs.msg import JointState
from visualization_msgs.msg import Marker, MarkerArray

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.wire_rows import BASE_COLUMNS, from_wire, to_wire
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.sampling.display import answer_display
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.store.document import describe_robot
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.srv import SampleConfigurations
from vi_ik_ros.viewer.markers import robot_markers


@pytest.fixture(scope="module")
def talos():
    return RobotModel.load("talos")


@pytest.fixture
def session(start, tmp_path, talos):
    """A sampler whose model stands about the ready posture, with two components."""
    loc = np.tile(talos.ready, (2, 1))
    loc[1, 0] += 0.2
    scale = np.tile(0.02 * np.eye(talos.nq), (2, 1, 1))
    limits = {"lower": talos.lower, "upper": talos.upper}
    posture = {"name": "posture", "transform": {"type": "configuration"}, "density": {}}
    objectives = {"robot": "talos", "objectives": [posture], "context": []}
    document = {"robot": describe_robot(talos), "objectives": objectives}
    model = GaussianMixture(np.log([0.5, 0.5]), loc, scale, **limits)
    ModelStore(tmp_path).write(tmp_path / "body", model, document)
    return start(model_store=str(tmp_path), default_model="body", max_markers=3)


def points_of(marker):
    return np.array([[point.x, point.y, point.z] for point in marker.points])


def test_whole_bodies_are_shown_to_those_who_watch(session, talos):
    node, user, seen, states = session.node, session.user, [], []
    names = [f"{session.name}/{topic}" for topic in ("markers", "sampled_joint_states")]
    user.create_subscription(MarkerArray, names[0], seen.append, latched())
    user.create_subscription(JointState, names[1], states.append, 10)
    session.until(lambda: all(node.count_subscribers(name) for name in names))
    answer = session.sample(num_samples=5, seed=3)
    assert (answer.error_code, answer.error_msg) == (0, "")
    best = int(np.argmax(answer.log_prob))
    wire = np.array(answer.positions).reshape(5, len(answer.joint_names))
    session.until(lambda: states and np.array_equal(states[-1].position, wire[best, 7:]))
    session.until(lambda: seen and seen[-1].markers[0].header.stamp == states[-1].header.stamp)

    clear, *shown = seen[-1].markers
    assert clear.action == Marker.DELETEALL
    kinds = [marker.type for marker in shown]
    assert kinds == [Marker.LINE_LIST, Marker.SPHERE_LIST] * 2 * 3  # parameter max_markers
    assert {marker.header.frame_id for marker in shown} == {"world"}
    assert answer.joint_names[:7] == list(BASE_COLUMNS)
    rows = [best, *np.delete(np.arange(5), best)[:2]]
    q = from_wire(talos, wire, "positions")[rows]
    drawn = np.array(answer.component)[rows], np.array(answer.log_prob)[rows]
    expected = robot_markers(talos, q, *drawn)
    for i, (lines, balls) in enumerate(zip(shown[:6:2], shown[1:6:2], strict=True)):
        np.testing.assert_allclose(points_of(balls), expected.points[i], atol=1e-12)
        segments = points_of(lines).reshape(-1, 2, 3)
        np.testing.assert_allclose(segments, expected.points[i][expected.segments], atol=1e-12)
    sole = talos.forward(q[:1], "left_sole_link")[0, :3, 3]
    assert np.linalg.norm(points_of(shown[1]) - sole, axis=1).min() < 1e-9

    assert list(states[-1].name) == list(talos.joint_names[6:])  # the base is no joint
    np.testing.assert_array_equal(states[-1].position, q[0, 6:])


def test_rows_are_those_of_pinocchio_whatever_the_form_of_the_reference(session, talos):
    answer = session.sample(num_samples=5, seed=3)
    rows = np.array(answer.positions).reshape(5, talos.nq + 1)
    info = session.models()["body"]
    assert info.joint_names == answer.joint_names
    assert info.num_dims == talos.nq
    assert (np.array(info.lower) <= rows).all()
    assert (rows <= np.array(info.upper)).all()
    foot = talos.pinocchio_model.getFrameId("left_sole_link")
    data = talos.pinocchio_model.createData()
    joints = [answer.joint_names.index(name) for name in list(talos.pinocchio_model.names)[2:]]
    for row, q in zip(rows, from_wire(talos, rows, "rows"), strict=True):
        pin.framesForwardKinematics(talos.pinocchio_model, data, row[[*range(7), *joints]])
        T = talos.forward(q, "left_sole_link")
        np.testing.assert_allclose(data.oMf[foot].homogeneous, T, atol=1e-9)
    for reference in (talos.ready, to_wire(talos, talos.ready)):
        sorted_ = session.sample(num_samples=5, seed=3, reference=reference.tolist())
        q = from_wire(talos, np.array(sorted_.positions).reshape(rows.shape), "rows")
        assert (np.diff(np.abs(q - talos.ready).max(axis=1)) >= 0.0).all()


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ([0.0] * 35, ("reference", "0.0, 0.0, 0.0, 0.0", "unit quaternion")),
        ([0.0] * 33, ("reference", "33", "35 columns", "base_qx")),
    ],
)
def test_a_reference_that_is_no_row_is_refused_in_one_line(session, reference, parts):
    answer = session.sample(num_samples=1, reference=reference)
    assert answer.error_code == SampleConfigurations.Response.INVALID_REFERENCE
    assert all(part in answer.error_msg for part in parts), answer.error_msg
    assert "\n" not in answer.error_msg


def test_nothing_is_drawn_while_nobody_listens(session, monkeypatch):
    drawn = []
    monkeypatch.setattr(answer_display, "robot_markers", lambda *robots: drawn.append(robots))
    assert session.sample(num_samples=2, seed=1).error_code == 0
    session.node._display.draw()
    assert not drawn
