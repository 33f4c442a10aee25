# SPDX-License-Identifier: Apache-2.0
"""The texts that define message types, as this installation of ROS 2 has them."""

import os
import re
import sys
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput

_OF_SERVICE = re.compile(r"(\w+)_(Request|Response|Event)")


def installed_text(name: str) -> str:
    """Return the definition of a type; those of a service are parts of its own.

    Args:
        name: as `package/Type`; of a service with `_Request`, `_Response` or `_Event`.

    Raises:
        InvalidInput: No such type is installed.
    """
    package, _, kind = name.partition("/")
    service = _OF_SERVICE.fullmatch(kind)
    if service is None:
        return _read(package, "msg", f"{kind}.msg")
    stem, part = service.groups()
    if part == "Event":  # What the generator makes of every service.
        sides = (f"{package}/{stem}_{side}[<=1] {side.lower()}" for side in ("Request", "Response"))
        return "\n".join(("service_msgs/ServiceEventInfo info", *sides))
    request, response = re.split(r"^---\s*$", _read(package, "srv", f"{stem}.srv"), flags=re.M)
    return request if part == "Request" else response


def _read(package: str, folder: str, file: str) -> str:
    prefixes = (*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix)
    paths = [Path(prefix) / "share" / package / folder / file for prefix in prefixes if prefix]
    for path in paths:
        if path.is_file():
            return path.read_text(encoding="utf-8")
    kind = f"{package}/{folder}/{Path(file).stem}"
    raise InvalidInput("type", kind, f"one whose definition is installed: {paths[-1]}")
