# SPDX-License-Identifier: Apache-2.0
"""Capsules and spheres that enclose the primitive collision geometry of a URDF."""

import math
import xml.etree.ElementTree as ElementTree

import numpy as np
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.transforms.distance.link_shapes import LinkShape

_NUM_LENGTHS = 101  # tried for the segment of a capsule


def collision_shapes(robot: RobotModel) -> tuple[LinkShape, ...]:
    """Return the least capsule about every cylinder and box, and every sphere, link by link.

    Meshes are left out.

    Raises:
        RobotError: A size or an origin is not as a URDF writes it.
    """
    shapes: list[LinkShape] = []
    for link in ElementTree.fromstring(robot.urdf_text).findall("link"):
        name = str(link.get("name"))
        for collision in link.findall("collision"):
            shape = collision.find("geometry/*")
            if shape is not None and shape.tag in ("box", "cylinder", "sphere"):
                extents = _extents(shape, f"link {name}")
                T_link_shape = _origin(collision.find("origin"), f"link {name}")
                shapes.append(_enclosing(name, T_link_shape, *extents))
    return tuple(shapes)


def _extents(shape: ElementTree.Element, field: str) -> tuple[np.ndarray, float, float]:
    """Return axis (3,), half length along it and radius about it of a primitive [m]."""
    if shape.tag == "box":
        half = 0.5 * _numbers(shape, "size", 3, field)
        longest = int(half.argmax())
        return np.eye(3)[longest], float(half[longest]), math.hypot(*np.delete(half, longest))
    length = 0.0 if shape.tag == "sphere" else float(_numbers(shape, "length", 1, field)[0])
    radius = float(_numbers(shape, "radius", 1, field)[0])
    return np.array([0.0, 0.0, 1.0]), 0.5 * length, radius


def _origin(origin: ElementTree.Element | None, field: str) -> np.ndarray:
    """Return T_link_shape (4, 4)."""
    T_link_shape = np.eye(4)
    if origin is not None:
        rpy = _numbers(origin, "rpy", 3, field, default="0 0 0")
        T_link_shape[:3, :3] = Rotation.from_euler("xyz", rpy).as_matrix()
        T_link_shape[:3, 3] = _numbers(origin, "xyz", 3, field, default="0 0 0")
    return T_link_shape


def _numbers(
    element: ElementTree.Element, key: str, size: int, field: str, default: str | None = None
) -> np.ndarray:
    """Read numbers (size,), positive ones where there is no default."""
    text = element.get(key, default or "")
    try:
        row = np.array([float(word) for word in text.split()])
    except ValueError:
        row = np.empty(0)
    if len(row) != size or not np.isfinite(row).all() or (default is None and row.min() <= 0.0):
        sign = "" if default else "positive "
        raise RobotError(field, f"{key}={text!r}", f"{size} {sign}numbers in its <{element.tag}>")
    return row


def _enclosing(
    frame: str, T_frame_shape: np.ndarray, axis: np.ndarray, half: float, radius: float
) -> LinkShape:
    """Return the capsule of least volume about a cylinder of a half length and radius."""
    lengths = np.linspace(0.0, half, _NUM_LENGTHS)
    radii = np.hypot(radius, half - lengths)  # the rim is the farthest from the segment
    best = int((2.0 * lengths * radii**2 + 4.0 / 3.0 * radii**3).argmin())
    ends = np.stack([-axis, axis]) * lengths[best] @ T_frame_shape[:3, :3].T + T_frame_shape[:3, 3]
    start, end = (tuple(float(entry) for entry in row.round(6) + 0.0) for row in ends)
    return LinkShape(frame, start, end, float(radii[best]))
