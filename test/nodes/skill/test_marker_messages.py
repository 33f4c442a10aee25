# SPDX-License-Identifier: Apache-2.0
"""A skill for RViz: every part is a marker that can be told from the others."""

import numpy as np
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.nodes.skill.marker_messages import markers_to_msg
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.viewer.skill_markers import skill_markers


def test_markers_clear_the_last_ones_and_all_have_a_place_a_size_and_a_colour():
    scene = load_scene("screw_slot")
    T_base_tcp = pose_to_matrix(np.array(scene.start))
    R_base_task = np.diag([1.0, -1.0, -1.0])
    drawn = skill_markers(scene, R_base_task, T_base_tcp, np.array([0.0, 0.0, 5.0]), "search")
    first, *others = markers_to_msg(drawn, Header(frame_id="base_link")).markers
    assert first.action == Marker.DELETEALL
    assert len({(one.ns, one.id) for one in others}) == len(others)
    assert {one.header.frame_id for one in others} == {"base_link"}
    assert all(one.color.a > 0.0 for one in others)
    kinds = {one.ns: one.type for one in others}
    assert kinds["contact_force"] == kinds["search_direction"] == Marker.ARROW
    assert kinds["plate"] == kinds["recess"] == Marker.CUBE
    for one in others:
        turn = one.pose.orientation
        assert abs(turn.x**2 + turn.y**2 + turn.z**2 + turn.w**2 - 1.0) < 1e-9
        assert one.type == Marker.TEXT_VIEW_FACING or min(one.scale.x, one.scale.y) > 0.0
    (label,) = (one for one in others if one.type == Marker.TEXT_VIEW_FACING)
    assert label.text == "search"
