# SPDX-License-Identifier: Apache-2.0
"""Pictures of a skill at one moment: bodies where the scene has them, forces where they act."""

import numpy as np
import pytest

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.scene import Scene, load_scene
from vi_ik_ros.viewer.skill_markers import FORCE_LENGTH, SkillMarkers, skill_markers

R_BASE_TASK = np.diag([1.0, -1.0, -1.0])  # z down, x along the base's


@pytest.fixture(params=["screw_slot", "peg_oblong"])
def scene(request) -> Scene:
    return load_scene(request.param)


def drawn(scene: Scene, force=(0.0, 0.0, 5.0)) -> SkillMarkers:
    start = pose_to_matrix(np.array(scene.start))
    return skill_markers(scene, R_BASE_TASK, start, np.array(force), "search")


def corners(solid) -> np.ndarray:
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    T = solid.T_base_solid
    return T[:3, 3] + (0.5 * signs * solid.size) @ T[:3, :3].T


def test_the_tool_ends_at_its_tip_and_is_as_long_as_the_scene_says(scene):
    heights = np.concatenate([corners(s) for s in drawn(scene).solids if s.name == "tool"])[:, 2]
    assert heights.min() == pytest.approx(scene.start[2], abs=1e-9)
    assert np.ptp(heights) == pytest.approx(scene.tool.flange_to_tip, abs=1e-9)


def test_the_recess_is_inside_of_the_plate_and_open_at_its_surface(scene):
    solids = drawn(scene).solids
    plate = corners(next(s for s in solids if s.name == "plate"))
    for recess in (corners(s) for s in solids if s.name == "recess"):
        assert (recess.min(axis=0) > plate.min(axis=0)).all()
        assert (recess.max(axis=0) <= plate.max(axis=0) + 1e-12).all()
        assert recess[:, 2].max() == pytest.approx(scene.plate.pose[2])
        assert np.ptp(recess[:, 2]) == pytest.approx(scene.recess.depth)


def test_the_force_of_the_tool_pushes_at_the_tip_from_above(scene):
    arrows = {arrow.name: arrow for arrow in drawn(scene).arrows}
    force = arrows["contact_force"]
    np.testing.assert_allclose(force.end, scene.start[:3])
    np.testing.assert_allclose(force.end - force.begin, [0.0, 0.0, -5.0 * FORCE_LENGTH])
    search = arrows["search_direction"]
    assert (search.end - search.begin)[0] > 0.0


def test_no_force_is_no_arrow(scene):
    assert [arrow.name for arrow in drawn(scene, (0.0, 0.0, 0.0)).arrows] == ["search_direction"]
