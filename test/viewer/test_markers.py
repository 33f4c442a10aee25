# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer import markers as drawing
from vi_ik_ros.viewer.markers import link_frames
from vi_ik_ros.viewer.skeleton import skeleton

COMPONENT = np.array([0, 4, 0])
LOG_DENSITY = np.array([-3.0, np.nan, 2.0])


def robot_markers(robot, q, component, **options):
    return drawing.robot_markers(robot, q, component, LOG_DENSITY[: len(q)], **options)


def draws(robot, count=3):
    return np.random.default_rng(0).uniform(robot.lower, robot.upper, (count, robot.nq))


def has_point(markers, expected):
    """Tell whether some point of each robot stands at expected (n, 3)."""
    return np.linalg.norm(markers.points - expected[:, None], axis=2).min(1).max() < 1e-9


@pytest.fixture(scope="module")
def talos():
    return RobotModel.load("talos")


@pytest.mark.parametrize("name", ["panda", "planar3", "racer5", "tiago_arm"])
def test_an_arm_is_one_line_from_root_to_tip(name):
    robot = RobotModel.load(name)
    q = draws(robot)
    markers = robot_markers(robot, q, COMPONENT)
    assert markers.is_strip
    np.testing.assert_array_equal(markers.points, skeleton(robot.serial_chain(), q).points)
    np.testing.assert_allclose(markers.points[:, -1], robot.forward(q)[:, :3, 3], atol=1e-9)
    reach = np.linalg.norm(np.diff(markers.points[0], axis=0), axis=1).sum()
    assert markers.width == pytest.approx(0.012 * reach)


@pytest.mark.parametrize(
    ("name", "links"),
    [
        ("talos", "base_link torso_2_link arm_left_4_link leg_right_4_link left_sole_link"),
        ("planar_bimanual", "left_upper_arm left_forearm left_hand right_forearm right_hand"),
    ],
)
def test_joints_and_ends_of_all_limbs_are_points(name, links):
    robot = RobotModel.load(name)
    q = draws(robot)
    markers = robot_markers(robot, q, COMPONENT)
    assert not markers.is_strip
    for link in links.split():
        assert has_point(markers, robot.forward(q, link)[:, :3, 3]), link


def test_segments_join_a_tree_once_and_keep_their_length(talos):
    markers = robot_markers(talos, draws(talos), COMPONENT)
    starts, ends = markers.segments.T
    assert (starts < ends).all()  # nearer to the root first
    assert sorted(ends) == list(range(1, markers.points.shape[1]))  # one way to each point
    lengths = np.linalg.norm(markers.points[:, ends] - markers.points[:, starts], axis=2)
    assert lengths.min() > 0.01
    np.testing.assert_allclose(lengths[1:], np.tile(lengths[0], (2, 1)), atol=1e-9)


def test_a_floating_base_moves_the_whole_robot(talos):
    q = np.tile(talos.ready, (2, 1))
    q[1, :3] += [0.3, -0.2, 0.1]
    points = robot_markers(talos, q, COMPONENT[:2]).points
    np.testing.assert_allclose(points[1] - points[0], np.tile([0.3, -0.2, 0.1], (21, 1)))


def test_points_are_in_the_root_frame_wherever_it_is():
    q = draws(RobotModel.load("talos"))
    robot = RobotModel.load("talos", root="left_sole_link")
    markers = robot_markers(robot, q, COMPONENT)
    assert has_point(markers, np.zeros((3, 3)))
    assert has_point(markers, robot.forward(q, "right_sole_link")[:, :3, 3])


def test_a_component_has_one_color(talos):
    colors = robot_markers(talos, draws(talos), COMPONENT).colors["component"]
    assert np.array_equal(colors[0], colors[2])
    assert np.abs(colors[0] - colors[1]).max() > 0.2


def test_the_more_probable_the_lighter_and_what_is_not_known_is_grey(talos):
    colors = robot_markers(talos, draws(talos), COMPONENT).colors["log_density"]
    assert colors[2].sum() > colors[0].sum() + 1.0
    assert np.ptp(colors[1]) == 0.0


def test_one_robot_is_solid(talos):
    assert robot_markers(talos, draws(talos), COMPONENT).opacity.tolist() == [1.0, 0.25, 0.25]
    assert robot_markers(talos, draws(talos), COMPONENT, solid=2).opacity.argmax() == 2


@pytest.mark.parametrize(
    ("name", "root"), [("panda", None), ("talos", None), ("talos", "left_sole_link")]
)
def test_links_stand_where_the_robot_model_says(name, root):
    robot = RobotModel.load(name, root=root)
    q = draws(robot)
    frames = link_frames(robot, q)
    assert set(frames) == set(robot.frame_names)
    np.testing.assert_allclose(frames[robot.root], np.tile(np.eye(4), (3, 1, 1)), atol=1e-12)
    for link in (robot.tip, robot.frame_names[len(robot.frame_names) // 2]):
        np.testing.assert_allclose(frames[link], robot.forward(q, link), atol=1e-9)


@pytest.mark.parametrize("name", ["panda", "talos"])
def test_no_configuration_gives_no_points(name):
    robot = RobotModel.load(name)
    markers = robot_markers(robot, np.empty((0, robot.nq)), np.empty(0, int))
    assert markers.points.shape[0] == len(markers.opacity) == 0
    assert all(len(colors) == 0 for colors in markers.colors.values())
    assert markers.width > 0.0  # of the targets, too
