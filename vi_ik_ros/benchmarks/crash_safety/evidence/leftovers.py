# SPDX-License-Identifier: Apache-2.0
"""Files that a killed trainer has left, and those that its successor should have removed."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_FILES = r"(model\.json|weights\.safetensors|training_curve\.csv)"
_MODEL = rf"[a-z0-9_]+(/{_FILES})?"
_UNFINISHED = re.compile(r"\.(writing|replaced)\b")
_SEGMENT = re.compile(r"(sem\.)?fast(rtps|dds)_")


@dataclass(frozen=True)
class Entry:
    """A file or directory: its path below the root, and its inode, which a new one has not."""

    path: str
    inode: int

    @property
    def is_unfinished(self) -> bool:
        """Tell whether somebody was in the middle of writing it."""
        return _UNFINISHED.search(self.path) is not None


def entries(root: Path) -> frozenset[Entry]:
    """Return everything that lies below a directory, at any depth."""
    found = set()
    for path in root.rglob("*"):
        try:
            found.add(Entry(str(path.relative_to(root)), path.lstat().st_ino))
        except FileNotFoundError:  # It has just been removed.
            continue
    return frozenset(found)


def strays(found: Collection[Entry], running: Collection[str] = ()) -> list[str]:
    """Return the paths that have no business in the store or in a work directory.

    Args:
        found: what lies below the directory that holds `models` and `trainer`.
        running: names of the models that are being trained, or will be gone on with.
    """
    names = "|".join(re.escape(name) for name in running) or r"(?!)"
    expected = re.compile(
        rf"models(/{_MODEL})?"
        r"|trainer(/trainer\.(lock|sqlite(-wal|-shm)?))?|trainer/work"
        rf"|trainer/work/({names})(/{_FILES})?"
        rf"|trainer/work/({names})\.partial(/(checkpoint\.safetensors|training_curve\.csv))?"
    )
    return sorted(entry.path for entry in found if not expected.fullmatch(entry.path))


def num_segments() -> int:
    """Count the files that Fast DDS, of whatever process, has in shared memory."""
    directory = Path("/dev/shm")
    names = os.listdir(directory) if directory.is_dir() else []
    return sum(_SEGMENT.match(name) is not None for name in names)
