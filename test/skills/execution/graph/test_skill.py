# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.execution.control.check_set_values import check_set_values
from vi_ik_ros.skills.execution.graph import END, load_skill, skill_names
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.vectors.rotation_vectors import exp_so3

SCREW = load_skill("screw_insertion")
T_BASE_START = pose_to_matrix(np.array(load_scene("screw_slot").start))


@pytest.mark.parametrize("name", skill_names())
def test_every_shipped_skill_has_its_file_s_name_and_a_scene(name):
    skill = load_skill(name)
    assert skill.name == name
    bound = skill.bind({}, pose_to_matrix(np.array(load_scene(skill.scene).start)))
    for primitive in (*bound.primitives, *bound.recovery):
        check_set_values(primitive.set_values, primitive.name)


def test_the_screw_has_the_seven_primitives_in_order():
    bound = SCREW.bind({}, T_BASE_START)
    names = [primitive.name for primitive in bound.primitives]
    assert names == [
        "approach",
        "approach_surface",
        "force_correction",
        "search",
        "alignment",
        "insert",
    ]
    assert [primitive.next for primitive in bound.primitives] == [1, 2, 3, 4, 5, END]
    assert bound.recovery[-1].name == "recovery"
    assert bound.primitives[5].travel_from == 3


def test_thresholds_follow_from_the_sensor_and_the_scene():
    constants, scene = SCREW.constants, load_scene(SCREW.scene)
    assert constants["force_noise"] == scene.force_torque.force_noise
    assert constants["contact_threshold"] == pytest.approx(3.0 * constants["force_noise"])
    assert constants["insert_depth"] == pytest.approx(scene.recess.depth - 5e-4)
    assert round(constants["slow_window"] * scene.force_torque.rate) == 50
    assert round(constants["settle_window"] * scene.control_rate) == 50
    assert round(constants["impulse_window"] * scene.force_torque.rate) == 4
    assert SCREW.control.contact_stiffness == scene.tool.stiffness[2]


def test_parameters_stand_where_their_names_do():
    values = {"approach_speed": 0.007, "force_gain": 1e-3, "search_speed": 0.002}
    _, surface, correction, search, _, insert = SCREW.bind(values, T_BASE_START).primitives
    np.testing.assert_array_equal(surface.set_values.velocity, [0, 0, 0.007, 0, 0, 0])
    np.testing.assert_array_equal(surface.set_values.velocity_axes, [0, 0, 1, 0, 0, 0])
    np.testing.assert_array_equal(correction.set_values.wrench, [0, 0, 5, 0, 0, 0])
    np.testing.assert_array_equal(correction.set_values.gain, [0, 0, 1e-3, 0, 0, 0])
    np.testing.assert_array_equal(search.set_values.velocity, [0.002, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(search.set_values.force_axes, [0, 0, 1, 0, 0, 0])
    np.testing.assert_array_equal(insert.set_values.gain, [1e-3, 1e-3, 1e-3, 0, 0, 0])


def test_a_parameter_may_stand_in_a_predicate():
    peg = load_skill("peg_in_hole")
    bound = peg.bind({"contact_force": 3.0}, T_BASE_START)
    settled = bound.primitives[2].success[0]
    assert settled.desired == bound.primitives[2].set_values.wrench[2] == 3.0
    assert len(peg.space.names) == 6


def test_values_out_of_bounds_are_refused_when_bound():
    with pytest.raises(InvalidInput, match=r"parameters.force_gain: got 1.0"):
        SCREW.bind({"force_gain": 1.0}, T_BASE_START)


def test_scores_are_a_parameter_or_the_time_that_is_left():
    _, surface, correction, search, alignment, _ = SCREW.bind(
        {"approach_speed": 0.006}, T_BASE_START
    ).primitives
    assert surface.score(3.0) == pytest.approx(0.006 / 0.015)
    assert [correction.score(t) for t in (0.0, 2.0, 5.0, 9.0)] == pytest.approx([1, 0.6, 0, 0])
    assert search.score(1.0) == pytest.approx(0.2)
    assert (surface.weight, alignment.weight) == (1.0, 0.0)


def test_cycle_time_is_one_line_away(changed):
    by_time = {"weight": 2.0, "time": "approach_timeout"}
    skill = changed({"primitives.approach_surface.objective": by_time})
    surface = skill.bind({}, T_BASE_START).primitives[1]
    assert (surface.weight, surface.score(4.0)) == (2.0, pytest.approx(0.6))


def test_factors_as_matrices():
    # Eq. (6.9), and of the insertion the speed at which the tip came over the recess
    factors = [[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 1, 1]]
    np.testing.assert_array_equal(SCREW.adjacency, factors)
    active = [[0, 0, 0, 0], *np.eye(4).tolist(), [0, 0, 0, 1]]
    np.testing.assert_array_equal(SCREW.activity, active)
    assert SCREW.adjacency.dtype == SCREW.activity.dtype == bool


def test_the_task_frame_is_right_handed_and_pushes_down():
    R = SCREW.task.R_base_task
    np.testing.assert_allclose(R, [[1, 0, 0], [0, -1, 0], [0, 0, -1]], atol=1e-12)


def test_targets_hover_and_align(changed):
    skill, T = changed({"task.hover": [0.001, 0.0, -0.005]}), T_BASE_START.copy()
    T[:3, :3] = exp_so3(np.array([0.1, -0.05, 0.0])) @ T[:3, :3]
    targets = skill.task.targets(T)
    np.testing.assert_allclose(targets["hover"][:3, 3] - T[:3, 3], [0.001, 0, 0.005], atol=1e-12)
    np.testing.assert_allclose(targets["aligned"][:3, 2], [0, 0, -1], atol=1e-12)
    turned = targets["aligned"][:3, :3] @ T[:3, :3].T
    angle = math.acos(0.5 * (np.trace(turned) - 1.0))
    assert angle == pytest.approx(math.acos(-T[2, 2]))  # no more than needed


def test_a_tool_that_points_away_is_turned_back():
    T = np.eye(4)  # z up
    np.testing.assert_allclose(SCREW.task.targets(T)["aligned"][:3, 2], [0, 0, -1], atol=1e-9)
