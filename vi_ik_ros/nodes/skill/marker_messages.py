# SPDX-License-Identifier: Apache-2.0
"""A skill at work for RViz."""

import numpy as np
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.viewer.skill_markers import ARROW_WIDTH, Arrow, Color, SkillMarkers, Solid

KINDS = {"box": Marker.CUBE, "cylinder": Marker.CYLINDER}
TEXT_HEIGHT = 0.006  # [m]
WHITE: Color = (0.95, 0.95, 0.95, 1.0)


def markers_to_msg(skill: SkillMarkers, header: Header) -> MarkerArray:
    """Return a marker for each part, after one that clears all.

    Args:
        skill: what to draw.
        header: in the robot's base.
    """
    solids = [_solid(one, header, k) for k, one in enumerate(skill.solids)]
    arrows = [_arrow(one, header) for one in skill.arrows]
    label = _marker(header, "primitive", 0, Marker.TEXT_VIEW_FACING, WHITE)
    label.pose.position = _point(skill.label_position)
    label.scale, label.text = Vector3(z=TEXT_HEIGHT), skill.label
    clear = Marker(header=header, action=Marker.DELETEALL)
    return MarkerArray(markers=[clear, *solids, *arrows, label])


def _solid(solid: Solid, header: Header, number: int) -> Marker:
    marker = _marker(header, solid.name, number, KINDS[solid.kind], solid.color)
    x, y, z, qx, qy, qz, qw = matrix_to_pose(solid.T_base_solid).tolist()
    orientation = Quaternion(x=qx, y=qy, z=qz, w=qw)
    marker.pose = Pose(position=Point(x=x, y=y, z=z), orientation=orientation)
    marker.scale = Vector3(**dict(zip("xyz", solid.size.tolist(), strict=True)))
    return marker


def _arrow(arrow: Arrow, header: Header) -> Marker:
    marker = _marker(header, arrow.name, 0, Marker.ARROW, arrow.color)
    marker.points = [_point(arrow.begin), _point(arrow.end)]
    marker.scale = Vector3(x=ARROW_WIDTH, y=2.0 * ARROW_WIDTH, z=0.0)
    return marker


def _marker(header: Header, name: str, number: int, kind: int, color: Color) -> Marker:
    marker = Marker(header=header, ns=name, id=number, type=kind)
    marker.pose.orientation.w = 1.0
    red, green, blue, opacity = color
    marker.color = ColorRGBA(r=red, g=green, b=blue, a=opacity)
    return marker


def _point(position: np.ndarray) -> Point:
    x, y, z = position.tolist()
    return Point(x=x, y=y, z=z)
