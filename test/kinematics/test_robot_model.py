# SPDX-License-Identifier: Apache-2.0
import threading

import numpy as np
import pinocchio as pin
import pytest

from vi_ik_ros.exceptions import InvalidInput, RobotError
from vi_ik_ros.kinematics.robot_model import RobotModel, wrap

PANDA_FK = {  # fingertip (0.0984 m along z of panda_link8), variational-inference benchmark
    (0, 0, 0, 0, 0, 0, 0): (0.088, 0.0, 0.8276),
    (0, -0.785, 0, -2.356, 0, 1.571, 0.785): (0.3070, 0.0, 0.4919),
}


@pytest.mark.parametrize("q, expected", PANDA_FK.items())
def test_panda_reaches_the_published_points(robots, q, expected):
    T = robots["panda"].forward(np.array(q, dtype=float))
    np.testing.assert_allclose(T[:3, 3] + 0.0984 * T[:3, 2], expected, atol=5e-5)


def test_own_panda_is_the_one_of_example_robot_data(robots, draw):
    own = robots["panda"]
    spec = {"urdf": "example-robot-data:panda", "locked": {"panda_finger_joint1": 0.02}}
    other = RobotModel.load(spec, root="panda_link0", tip="panda_link8")
    assert (own.digest, own.frame_names) == (other.digest, other.frame_names)
    for q in draw(own, 3):
        for frame in own.frame_names:
            np.testing.assert_allclose(own.forward(q, frame), other.forward(q, frame), atol=1e-12)
        np.testing.assert_allclose(own.center_of_mass(q), other.center_of_mass(q), atol=1e-12)


def test_racer5_points_its_tool_down_in_the_ready_posture(robots):
    T = robots["racer5"].forward(robots["racer5"].ready)
    expected = [[-1, 0, 0, 0.43], [0, 1, 0, 0], [0, 0, -1, 0.71], [0, 0, 0, 1]]
    np.testing.assert_allclose(T, expected, atol=1e-12)


def test_racer5_has_a_spherical_wrist(robots, draw):
    robot = robots["racer5"]
    for q in draw(robot, 5):
        J = [robot.jacobian(q, name) for name in ("link_5",)]
        assert np.abs(J[0][:3, 3:]).max() < 1e-12  # joints 4, 5, 6 do not move the wrist centre


@pytest.mark.parametrize("name, links", [("planar2", [1, 1]), ("planar3", [1, 1, 0.5])])
def test_planar_arms_follow_their_formula(robots, draw, name, links):
    robot = robots[name]
    q = draw(robot, 20)
    angles = q.cumsum(axis=1)
    T = robot.forward(q)
    np.testing.assert_allclose(T[:, 0, 3], np.cos(angles) @ links, atol=1e-12)
    np.testing.assert_allclose(T[:, 1, 3], np.sin(angles) @ links, atol=1e-12)
    assert np.abs(T[:, 2, 3]).max() == 0


@pytest.mark.parametrize("n", [4, 6, 8, 10])
def test_longer_planar_arms_have_half_metre_links_and_a_last_one_of_a_metre(robots, n):
    robot = robots[f"planar{n}"]
    assert robot.nq == n
    assert robot.forward(np.zeros(n))[0, 3] == pytest.approx(0.5 * (n - 1) + 1.0)


def test_planar2_has_the_limits_of_the_benchmark(robots):
    np.testing.assert_allclose(robots["planar2"].lower, [0.02, 0.02 - np.pi])
    np.testing.assert_allclose(robots["planar2"].upper, [np.pi - 0.02, np.pi - 0.02])


def test_joints_stand_in_the_order_of_the_file_not_of_the_alphabet(tree_robot):
    assert tree_robot.joint_names == ("z_shoulder", "z_rail", "z_wrist", "a_shoulder")
    names = list(tree_robot.pinocchio_model.names)
    assert names.index("a_shoulder") < names.index("z_shoulder")
    assert tree_robot.continuous.tolist() == [False, False, True, True]
    np.testing.assert_allclose(tree_robot.lower, [-1.5, -0.2, -np.pi, -np.pi])
    np.testing.assert_allclose(tree_robot.upper, [2.0, 0.4, np.pi, np.pi])


def test_each_coordinate_moves_its_own_joint(tree_robot):
    still, moves = tree_robot.forward(np.zeros(4), "a_tool"), []
    for q in np.eye(4) * 0.1:
        moves.append(not np.allclose(tree_robot.forward(q, "a_tool"), still))
    assert moves == [False, False, False, True]


def test_talos_has_28_joints_and_a_base(robots):
    robot = robots["talos"]
    assert (robot.nq, robot.nv, robot.floating_base) == (34, 34, True)
    assert robot.joint_names[:7] == (
        *("base_x", "base_y", "base_z", "base_rx", "base_ry", "base_rz"),
        "torso_1_joint",
    )
    soles = [robot.forward(robot.ready, f"{side}_sole_link")[2, 3] for side in ("left", "right")]
    np.testing.assert_allclose(soles, 0, atol=1e-3)  # it stands on the ground


def test_q_survives_the_way_to_pinocchio_and_back(robot, draw):
    q = draw(robot, 4)
    q_pin = robot.to_pinocchio(q)
    assert q_pin.shape == (4, robot.pinocchio_model.nq)
    np.testing.assert_allclose(robot.from_pinocchio(q_pin), q, atol=1e-9)
    np.testing.assert_allclose(robot.to_pinocchio(q[0]), q_pin[0])


def test_continuous_joints_are_wrapped(tree_robot):
    q = np.array([0.1, 0.2, 4.0, -9.0])
    back = tree_robot.from_pinocchio(tree_robot.to_pinocchio(q))
    np.testing.assert_allclose(back, [0.1, 0.2, 4.0 - 2 * np.pi, -9.0 + 2 * np.pi])
    np.testing.assert_allclose(wrap(np.array([np.pi, -np.pi, 0.5])), [-np.pi, -np.pi, 0.5])


def test_a_floating_base_is_where_its_chart_says(robots):
    robot = robots["tree_floating"]
    q = robot.ready.copy()
    nominal = pin.XYZQUATToSE3(np.array(robot.description.floating_base.nominal_pose))
    np.testing.assert_allclose(robot.forward(q, "trunk"), nominal.homogeneous, atol=1e-12)
    q[:6] = [1.0, 2.0, 3.0, 0.3, -0.2, 0.9]
    T = robot.forward(q, "trunk")
    np.testing.assert_allclose(T[:3, 3], [1, 2, 3], atol=1e-12)
    np.testing.assert_allclose(T[:3, :3], nominal.rotation @ pin.exp3(q[3:6]), atol=1e-12)


def test_jacobian_is_the_derivative_of_forward(robot, draw):
    q, step = draw(robot, 1)[0], 1e-6
    J, T = robot.jacobian(q), robot.forward(q)
    for i, unit in enumerate(np.eye(robot.nq)):
        ahead, behind = robot.forward(q + step * unit), robot.forward(q - step * unit)
        twist = (ahead - behind) / (2 * step)
        np.testing.assert_allclose(J[:3, i], twist[:3, 3], atol=1e-8)
        np.testing.assert_allclose(pin.skew(J[3:, i]), twist[:3, :3] @ T[:3, :3].T, atol=1e-8)


def test_within_limits_finds_every_kind_of_violation(tree_robot):
    inside = np.array([0.0, 0.0, 100.0, -100.0])  # continuous joints have no limit
    rows = np.tile(inside, (5, 1))
    rows[1, 0], rows[2, 1], rows[3, 2] = 2.1, -0.3, np.nan
    rows[4, 0] = 2.0 + 1e-10
    assert tree_robot.within_limits(rows).tolist() == [True, False, False, False, True]
    assert not tree_robot.within_limits(rows[4:], tolerance=0.0)[0]


def test_ready_is_the_named_posture_or_mid_range(robots, tree_robot):
    np.testing.assert_allclose(
        robots["panda"].ready, np.array([0, -1, 0, -3, 0, 2, 1]) * np.pi / 4, atol=1e-12
    )
    np.testing.assert_allclose(tree_robot.ready, [0.25, 0.1, 0.0, 0.0])
    assert all(robot.within_limits(robot.ready)[0] for robot in robots.values())


def test_locked_joints_keep_their_value(tree_urdf, draw, tree_robot):
    locked = {"z_rail": 0.3, "a_shoulder": 2.0}
    robot = RobotModel.load({"urdf": tree_urdf, "locked": locked})
    assert robot.joint_names == ("z_shoulder", "z_wrist")
    for shoulder, wrist in draw(robot, 3):
        q = np.array([shoulder, 0.3, wrist, 2.0])
        for frame in robot.frame_names:
            T = robot.forward(np.array([shoulder, wrist]), frame)
            np.testing.assert_allclose(T, tree_robot.forward(q, frame), atol=1e-12)


def test_rigid_transform_is_the_constant_between_two_links(robots, draw):
    robot = robots["panda"]
    q = draw(robot, 1)[0]
    T = np.linalg.inv(robot.forward(q, "panda_link7")) @ robot.forward(q, "panda_hand_tcp")
    found = robot.rigid_transform("panda_link7", "panda_hand_tcp")
    np.testing.assert_allclose(found, T, atol=1e-12)
    inverse = robot.rigid_transform("panda_hand_tcp", "panda_link7")
    np.testing.assert_allclose(inverse @ found, np.eye(4), atol=1e-12)
    with pytest.raises(RobotError, match="rigidly attached to panda_link8: .*panda_hand"):
        robot.rigid_transform("panda_link8", "panda_link6")


def test_digest_changes_with_what_moves_and_only_with_that(tree_urdf):
    def digest(*change):
        return RobotModel.load(tree_urdf.replace(*change)).digest

    same = digest("", "")
    assert digest('name="tree"', 'name="other"') == same
    assert digest('<mass value="2"/>', '<mass value="3"/>') == same
    assert digest('upper="2"', 'upper="2.00000000001"') == same
    changed = [
        digest('upper="2"', 'upper="2.000001"'),
        digest('xyz="0.1 0.2 0.3"', 'xyz="0.1 0.2 0.300001"'),
        digest('xyz="-1 0 0.5"', 'xyz="-1 0 0.6"'),
        digest('"z_rail"', '"rail"'),
        digest('type="prismatic"', 'type="revolute"'),
    ]
    assert len({same, *changed}) == 6


def test_threads_do_not_share_work_space(robots, draw):
    robot = robots["panda"]
    q = draw(robot, 300)
    expected, found = robot.forward(q), {}
    parts = {i: q[i::3] for i in range(3)}
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: robot.forward(parts[i])}))
        for i in parts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in parts:
        np.testing.assert_array_equal(found[i], expected[i::3])


def test_a_configuration_of_the_wrong_length_is_refused(tree_robot):
    with pytest.raises(InvalidInput, match="q: .*expected 4 columns"):
        tree_robot.forward(np.zeros(3))


@pytest.mark.parametrize("key", ["root", "tip"])
def test_an_unknown_link_is_refused_with_the_closest_names(key):
    with pytest.raises(RobotError, match=f"{key}: got panda_lnk8, .*panda_link8") as caught:
        RobotModel.load("panda", **{key: "panda_lnk8"})
    assert "\n" not in str(caught.value)
