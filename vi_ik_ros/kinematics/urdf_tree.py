# SPDX-License-Identifier: Apache-2.0
"""The joints and links of a URDF in tree order, checked before anything is built from them."""

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from vi_ik_ros.exceptions import RobotError

MOVING_TYPES = ("revolute", "continuous", "prismatic")
_KNOWN_TYPES = (*MOVING_TYPES, "fixed", "floating", "planar")


@dataclass(frozen=True)
class UrdfJoint:
    """One <joint> of a URDF.

    Attributes:
        name, type, parent, child: As written; `parent` and `child` are link names.
        axis: (3,) unit vector in the joint frame.
        lower, upper: Limits [rad or m]; -pi and pi when continuous, infinite when not given.
        mimic: (joint, multiplier, offset) or None.
    """

    name: str
    type: str
    parent: str
    child: str
    axis: np.ndarray
    lower: float
    upper: float
    mimic: tuple[str, float, float] | None


@dataclass(frozen=True)
class UrdfTree:
    """Links and joints, parents first, depth first, children in the order of the file."""

    name: str
    links: tuple[str, ...]
    joints: tuple[UrdfJoint, ...]


def parse_urdf(text: str, source: str) -> UrdfTree:
    """Read a URDF and put its joints in tree order.

    Args:
        text: The XML.
        source: Where it came from, for messages.

    Raises:
        RobotError: If the XML is malformed or does not describe one tree of known joints.
    """
    try:
        robot = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise RobotError("robot", source, f"well-formed XML ({error})") from None
    if robot.tag != "robot":
        raise RobotError(
            "robot", source, f"a URDF (<robot> is its root element), not <{robot.tag}>"
        )
    links = [_attribute(link, "name", source) for link in robot.findall("link")]
    joints = [_parse_joint(element, source) for element in robot.findall("joint")]
    _refuse_duplicates("link", links, source)
    _refuse_duplicates("joint", [joint.name for joint in joints], source)
    return UrdfTree(robot.get("name", "robot"), *_tree_order(links, joints, source))


def suggest(name: str, names: Sequence[str]) -> str:
    """Say which names are closest to a wrong one, or list them if none is close."""
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    close += [other for other in names if name and name in other and other not in close][:5]
    shown = close or list(names)[:12]
    rest = "" if close or len(names) <= len(shown) else ", ..."
    return f"{'close to it: ' if close else ''}{', '.join(shown)}{rest}"


def _tree_order(
    links: list[str], joints: list[UrdfJoint], source: str
) -> tuple[tuple[str, ...], tuple[UrdfJoint, ...]]:
    """Walk the tree from its one root, depth first."""
    children: dict[str, list[UrdfJoint]] = {link: [] for link in links}
    for joint in joints:
        for link in (joint.parent, joint.child):
            if link not in children:
                raise RobotError(f"joint {joint.name}", link, f"a link of {source}")
        children[joint.parent].append(joint)
    _refuse_duplicates("child link", [joint.child for joint in joints], source)
    child_links = {joint.child for joint in joints}
    roots = [link for link in links if link not in child_links]
    if len(roots) != 1:
        raise RobotError("robot", source, f"one root link, found {len(roots)} ({roots[:4]})")
    ordered_links: list[str] = []
    ordered_joints: list[UrdfJoint] = []
    stack: list[tuple[str, UrdfJoint | None]] = [(roots[0], None)]
    while stack:
        link, above = stack.pop()
        ordered_links.append(link)
        if above is not None:
            ordered_joints.append(above)
        stack.extend((child.child, child) for child in reversed(children[link]))
    if len(ordered_links) != len(links):
        loop = sorted(set(links) - set(ordered_links))
        raise RobotError("robot", source, f"a tree, but these links form a loop: {loop[:4]}")
    return tuple(ordered_links), tuple(ordered_joints)


def _parse_joint(element: ElementTree.Element, source: str) -> UrdfJoint:
    """Read one <joint> element."""
    name, kind = _attribute(element, "name", source), element.get("type", "")
    field = f"joint {name}"
    if kind not in _KNOWN_TYPES:
        raise RobotError(field, f"type {kind!r}", f"one of {', '.join(_KNOWN_TYPES)}")
    ends = []
    for tag in ("parent", "child"):
        end = element.find(tag)
        if end is None or not end.get("link"):
            raise RobotError(field, f"no <{tag}>", f'<{tag} link="..."/>')
        ends.append(end.get("link", ""))
    axis = _vector(element.find("axis"), "xyz", "1 0 0", field)
    if kind in MOVING_TYPES and not np.linalg.norm(axis) > 1e-9:
        raise RobotError(field, f"axis {axis.tolist()}", "an axis that is not zero")
    lower, upper = _parse_limits(element, kind, field)
    mimic = element.find("mimic")
    if mimic is not None and kind != "fixed":
        scale = _number(mimic, "multiplier", "1", field)
        mimicked = (mimic.get("joint", ""), scale, _number(mimic, "offset", "0", field))
    else:
        mimicked = None
    length = max(float(np.linalg.norm(axis)), 1e-9)  # a fixed joint may carry a zero axis
    return UrdfJoint(name, kind, ends[0], ends[1], axis / length, lower, upper, mimicked)


def _parse_limits(element: ElementTree.Element, kind: str, field: str) -> tuple[float, float]:
    """Read the position limits of a joint; infinite when it has none."""
    if kind == "continuous":
        return -math.pi, math.pi
    limit = element.find("limit")
    if kind not in MOVING_TYPES or limit is None:
        return -math.inf, math.inf
    lower, upper = (_number(limit, key, "0", field) for key in ("lower", "upper"))
    if not lower < upper:
        raise RobotError(field, f"limits {lower} .. {upper}", "lower < upper")
    return lower, upper


def _attribute(element: ElementTree.Element, key: str, source: str) -> str:
    """Read a name that must be there."""
    value = element.get(key)
    if not value:
        raise RobotError("robot", source, f"a {key} on every <{element.tag}>")
    return value


def _number(element: ElementTree.Element, key: str, default: str, field: str) -> float:
    """Read a number; not a number is refused, infinite is left to the caller."""
    try:
        value = float(element.get(key, default))
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise RobotError(field, f"{key}={element.get(key)!r}", "a number")
    return value


def _vector(element: ElementTree.Element | None, key: str, default: str, field: str) -> np.ndarray:
    """Read three finite numbers."""
    text = default if element is None else element.get(key, default)
    try:
        value = np.array([float(word) for word in text.split()])
    except ValueError:
        value = np.array([])
    if value.shape != (3,) or not np.isfinite(value).all():
        raise RobotError(field, f"{key}={text!r}", "three finite numbers")
    return value


def _refuse_duplicates(what: str, names: list[str], source: str) -> None:
    """Refuse a name that occurs twice."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise RobotError("robot", source, f"every {what} once, these occur twice: {repeated[:4]}")
