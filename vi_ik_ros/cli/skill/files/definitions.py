# SPDX-License-Identifier: Apache-2.0
"""Definitions of ROS messages, with all that they consist of, as recordings carry them."""

import re
from collections.abc import Callable

from vi_ik_ros.kinematics.share import share_dir

EPISODE = "vi_ik_ros/msg/Episode"
WRENCH = "geometry_msgs/msg/WrenchStamped"
POINT = "geometry_msgs/msg/PointStamped"

_XYZ = "float64 x\nfloat64 y\nfloat64 z"
_STANDARD = {  # needed where no ROS is installed
    "builtin_interfaces/Time": "int32 sec\nuint32 nanosec",
    "std_msgs/Header": "builtin_interfaces/Time stamp\nstring frame_id",
    "geometry_msgs/Vector3": _XYZ,
    "geometry_msgs/Point": _XYZ,
    "geometry_msgs/Wrench": "geometry_msgs/Vector3 force\ngeometry_msgs/Vector3 torque",
    "geometry_msgs/WrenchStamped": "std_msgs/Header header\ngeometry_msgs/Wrench wrench",
    "geometry_msgs/PointStamped": "std_msgs/Header header\ngeometry_msgs/Point point",
}
_BUILT_IN = re.compile(r"^(bool|byte|char|w?string(<=\d+)?|u?int(8|16|32|64)|float(32|64))$")
_RULE = "=" * 80


def definition(name: str, text_of: Callable[[str], str] | None = None) -> str:
    """Return the definition of a message, and below it those of its parts.

    Args:
        name: as `package/msg/Type`, or `package/srv/Type` with the suffix of one of its parts.
        text_of: returns the text of a type by its name `package/Type`; None: those of this package
            and what they need of others.
    """
    texts = definition_parts(name, text_of)
    first, *parts = texts
    below = "".join(f"\n{_RULE}\nMSG: {part}\n{texts[part]}" for part in parts)
    return texts[first] + below


def definition_parts(name: str, text_of: Callable[[str], str] | None = None) -> dict[str, str]:
    """Return the text of a message and of all its parts by their names; see `definition`."""
    found: dict[str, str] = {}
    package, _, kind = name.split("/")
    _gather(f"{package}/{kind}", found, text_of or _shipped)
    return found


def _gather(name: str, found: dict[str, str], text_of: Callable[[str], str]) -> None:
    """Add a message, then its parts that are not there yet."""
    package, _, _ = name.partition("/")
    text = text_of(name)
    found[name] = text
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        part = words[0].partition("[")[0] if words else ""
        if not part or _BUILT_IN.match(part):
            continue
        full = part if "/" in part else f"{package}/{part}"
        if full not in found:
            _gather(full, found, text_of)


def _shipped(name: str) -> str:
    """Return the definition of a message that needs no ROS."""
    return _STANDARD.get(name) or _ours(name.partition("/")[2])


def _ours(kind: str) -> str:
    """Return the definition of a message of this package, without its comments."""
    text = (share_dir() / "msg" / f"{kind}.msg").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)
