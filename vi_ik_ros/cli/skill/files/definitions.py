# SPDX-License-Identifier: Apache-2.0
"""Definitions of ROS messages, with all that they consist of, as recordings carry them."""

import re

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
_BUILT_IN = re.compile(r"^(bool|byte|char|string|u?int(8|16|32|64)|float(32|64))$")
_RULE = "=" * 80


def definition(name: str) -> str:
    """Return the definition of a message, and below it those of its parts.

    Args:
        name: as `package/msg/Type`.
    """
    found: dict[str, str] = {}
    _gather(name.replace("/msg/", "/"), found)
    first, *parts = found
    below = "".join(f"\n{_RULE}\nMSG: {part}\n{found[part]}" for part in parts)
    return found[first] + below


def _gather(name: str, found: dict[str, str]) -> None:
    """Add a message, then its parts that are not there yet."""
    package, _, kind = name.partition("/")
    text = _STANDARD.get(name) or _ours(kind)
    found[name] = text
    for line in text.splitlines():
        part = line.partition(" ")[0].partition("[")[0]
        if not part or _BUILT_IN.match(part):
            continue
        full = part if "/" in part else f"{package}/{part}"
        if full not in found:
            _gather(full, found)


def _ours(kind: str) -> str:
    """Return the definition of a message of this package, without its comments."""
    text = (share_dir() / "msg" / f"{kind}.msg").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)
