# SPDX-License-Identifier: Apache-2.0
"""Sampled robots and their targets for RViz."""

import numpy as np
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.viewer.markers import RobotMarkers

TARGET = "target"  # namespace
AXIS_LENGTH = 10.0  # of a target, in widths of a robot's lines
AXIS_COLORS = [ColorRGBA(r=0.90, g=0.16, b=0.18, a=1.0), ColorRGBA(r=0.18, g=0.70, b=0.25, a=1.0)]
AXIS_COLORS += [ColorRGBA(r=0.15, g=0.35, b=0.95, a=1.0)]


def markers_to_msg(robots: RobotMarkers, targets: np.ndarray, header: Header) -> MarkerArray:
    """Return lines and a list of spheres per robot and way to colour it, and axes per target.

    A namespace holds one way to colour all robots; a marker before all others clears the old ones.

    Args:
        robots: what to draw.
        targets: (B, 7) poses [m, unit quaternion] in the frame of the header.
        header: of the robots' root frame.
    """
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    for name, colors in robots.colors.items():
        markers += _robots(robots, name, colors, header)
    markers += [
        _axes(pose_to_matrix(pose), number, robots.width, header)
        for number, pose in enumerate(targets)
    ]
    return MarkerArray(markers=markers)


def _robots(robots: RobotMarkers, name: str, colors: np.ndarray, header: Header) -> list[Marker]:
    """Draw all robots; the lines are a strip where one joins all points, else segments."""
    kind = Marker.LINE_STRIP if robots.is_strip else Marker.LINE_LIST
    ends = range(robots.points.shape[1]) if robots.is_strip else robots.segments.ravel().tolist()
    rows = zip(robots.points, colors.tolist(), robots.opacity.tolist(), strict=True)
    markers = []
    for index, (places, (red, green, blue), opacity) in enumerate(rows):
        points = [_point(place) for place in places]
        line = _marker(header, name, 2 * index, kind)
        balls = _marker(header, name, 2 * index + 1, Marker.SPHERE_LIST)
        line.scale.x = robots.width
        balls.scale.x = balls.scale.y = balls.scale.z = 2.0 * robots.width
        line.points, balls.points = [points[end] for end in ends], points
        line.color = balls.color = ColorRGBA(r=red, g=green, b=blue, a=opacity)
        markers += [line, balls]
    return markers


def _axes(T_root_target: np.ndarray, number: int, width: float, header: Header) -> Marker:
    """Draw a target: x red, y green, z blue."""
    marker = _marker(header, TARGET, number, Marker.LINE_LIST)
    marker.scale.x = 0.5 * width
    origin = T_root_target[:3, 3]
    for axis, color in zip(T_root_target[:3, :3].T, AXIS_COLORS, strict=True):
        marker.points += [_point(origin), _point(origin + AXIS_LENGTH * width * axis)]
        marker.colors += [color, color]
    marker.color.a = 1.0
    return marker


def _marker(header: Header, name: str, number: int, kind: int) -> Marker:
    marker = Marker(header=header, ns=name, id=number, type=kind)
    marker.pose.orientation.w = 1.0
    return marker


def _point(position: np.ndarray) -> Point:
    x, y, z = position.tolist()
    return Point(x=x, y=y, z=z)
