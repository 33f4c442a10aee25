# SPDX-License-Identifier: Apache-2.0
"""Markers: one for each thing that can be told from the others."""

import numpy as np
import pytest
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from vi_ik_ros.nodes.sampling.display.marker_messages import AXIS_LENGTH, markers_to_msg
from vi_ik_ros.viewer.markers import RobotMarkers

HEADER = Header(frame_id="base")
NO_TARGETS = np.empty((0, 7))
STRIP, FORK = [[0, 1], [1, 2], [2, 3]], [[0, 1], [1, 2], [1, 3]]
POINTS = np.arange(24.0).reshape(2, 4, 3)
COLORS = {"one": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], "other": [[0.7, 0.8, 0.9], [0.0, 0.0, 1.0]]}


def robots(segments=STRIP) -> RobotMarkers:
    colors = {name: np.array(rows) for name, rows in COLORS.items()}
    return RobotMarkers(POINTS, np.array(segments), colors, np.array([0.25, 1.0]), 0.01)


def points_of(marker: Marker) -> np.ndarray:
    return np.array([[point.x, point.y, point.z] for point in marker.points])


def test_lines_are_a_strip_only_where_they_join_all_points_in_order():
    _, line, balls, *_ = markers_to_msg(robots(), NO_TARGETS, HEADER).markers
    assert line.type == Marker.LINE_STRIP
    np.testing.assert_array_equal(points_of(line), POINTS[0])
    _, line, other, *_ = markers_to_msg(robots(FORK), NO_TARGETS, HEADER).markers
    assert line.type == Marker.LINE_LIST
    np.testing.assert_array_equal(points_of(line), POINTS[0, [0, 1, 1, 2, 1, 3]])
    assert points_of(balls).tolist() == points_of(other).tolist() == POINTS[0].tolist()
    assert (line.scale.x, other.scale.z) == (0.01, 0.02)


def test_each_way_to_colour_is_a_namespace():
    markers = markers_to_msg(robots(), NO_TARGETS, HEADER).markers[1:]
    for name, colors in COLORS.items():
        seen = [(m.color.r, m.color.g, m.color.b) for m in markers if m.ns == name]
        np.testing.assert_allclose(seen, np.repeat(colors, 2, axis=0), atol=1e-6)
    assert [marker.color.a for marker in markers] == [0.25, 0.25, 1.0, 1.0] * 2
    assert len({(marker.ns, marker.id) for marker in markers}) == len(markers) == 8


def test_a_target_is_three_axes_of_three_colors():
    half = np.sqrt(0.5)
    targets = np.array([[1.0, 2.0, 3.0, 0.0, 0.0, half, half], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])
    *_, turned, straight = markers_to_msg(robots(), targets, HEADER).markers
    axes = np.diff(points_of(turned).reshape(3, 2, 3), axis=1)[:, 0] / (AXIS_LENGTH * 0.01)
    np.testing.assert_allclose(axes, [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], atol=1e-12)
    np.testing.assert_allclose(points_of(turned)[::2], np.tile(targets[0, :3], (3, 1)))
    assert [color.r > max(color.g, color.b) for color in turned.colors] == [True] * 2 + [False] * 4
    assert (turned.ns, turned.id, straight.id) == ("target", 0, 1)


@pytest.mark.parametrize("count", [0, 2])
def test_the_first_marker_clears_what_was_there(count):
    shown = RobotMarkers(POINTS[:count], np.array(STRIP), {}, np.ones(count), 0.01)
    clear, *others = markers_to_msg(shown, NO_TARGETS, HEADER).markers
    assert clear.action == Marker.DELETEALL and clear.header.frame_id == "base"
    assert not others
