# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.deviations.deviation_box import DeviationBox, deviated
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.vectors.rotation_vectors import log_so3

R_BASE_TASK = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])


def test_a_box_holds_the_place_of_every_plate_that_is_drawn():
    scene = load_scene("screw_slot")
    box = DeviationBox.of(scene, travel=0.025, retraction=0.005)
    start, depth = np.array(scene.start[:3]), scene.recess.depth
    for seed in range(50):
        T = pose_to_matrix(np.array(scene.drawn(seed).plate.pose))
        bottom = T[:3, 3] - depth * T[:3, 2]
        surface = T[:3, 3] + 0.005 * T[:3, 2]
        for place in (bottom, surface):
            deviation = R_BASE_TASK.T @ (place - start)
            assert (deviation >= np.array(box.lower[:3]) - 1e-3).all()
            assert (deviation <= np.array(box.upper[:3]) + 1e-3).all()


def test_a_scene_without_uncertainty_leaves_only_the_skill_s_own_motion(exact_scene):
    box = DeviationBox.of(exact_scene, travel=0.025, retraction=0.005)
    np.testing.assert_allclose(box.lower, [0.0, 0.0, -0.001, 0.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(box.upper, [0.025, 0.0, 0.0065, 0.0, 0.0, 0.0], atol=1e-12)
    higher = replace(exact_scene, start=(*exact_scene.start[:2], 0.57, *exact_scene.start[3:]))
    assert DeviationBox.of(higher, travel=0.0, retraction=0.005).lower[2] == 0.0


def test_a_grid_has_every_corner_and_no_row_twice():
    box = DeviationBox((-1.0, 0.0, 2.0, 0.0, 0.0, -0.1), (1.0, 0.0, 3.0, 0.0, 0.0, 0.1))
    grid = box.grid(3)
    assert grid.shape == (27, 6) and len(np.unique(grid, axis=0)) == 27
    rows = {tuple(row) for row in grid.tolist()}
    assert rows >= {(x, 0.0, z, 0.0, 0.0, r) for x in (-1, 1) for z in (2, 3) for r in (-0.1, 0.1)}


def test_deviations_are_along_the_task_frame_and_turn_about_the_tip():
    T = pose_to_matrix(np.array([0.4, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0]))
    moved = deviated(T, R_BASE_TASK, np.array([[0.01, 0.0, 0.02, 0.0, 0.0, 0.3]]))[0]
    np.testing.assert_allclose(moved[:3, 3] - T[:3, 3], [0.01, 0.0, -0.02], atol=1e-12)
    np.testing.assert_allclose(log_so3(moved[:3, :3] @ T[:3, :3].T), [0, 0, -0.3], atol=1e-9)


@pytest.mark.parametrize(
    ("lower", "upper", "field"),
    [((0.0,) * 5, (1.0,) * 6, "lower, upper"), ((2.0,) * 6, (1.0,) * 6, "lower")],
)
def test_a_box_that_is_none_is_refused(lower, upper, field):
    with pytest.raises(InvalidInput) as error:
        DeviationBox(lower, upper)
    assert error.value.field == field
