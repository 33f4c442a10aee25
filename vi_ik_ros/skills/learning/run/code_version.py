# SPDX-License-Identifier: Apache-2.0
"""Tells versions of the code apart: a store remembers which one its episodes come from."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SKILLS = Path(__file__).parents[2]  # the wing that carries out and learns


@cache
def code_version() -> str:
    """Return the version of the package and a digest of all modules about skills."""
    try:
        number = version("vi_ik_ros")
    except PackageNotFoundError:
        number = "checkout"
    digest = hashlib.sha256()
    for path in sorted(SKILLS.rglob("*.py")):
        digest.update(path.relative_to(SKILLS).as_posix().encode())
        digest.update(path.read_bytes())
    return f"{number}+{digest.hexdigest()[:12]}"
