# SPDX-License-Identifier: Apache-2.0
"""How long a command took here the last time, which is the best guess for the next."""

import json
import math
import os
from contextlib import suppress
from pathlib import Path

MOST = 1000  # entries; the oldest ones are forgotten


def earlier_seconds(words: str, path: Path | None = None) -> float | None:
    """Return how long a command took [s], None if it has not run here.

    Args:
        words: the command, with the options that decide how long it takes.
        path: of the file that remembers; None: the default one.
    """
    return _read(path or default_path()).get(words)


def note_seconds(words: str, seconds: float, path: Path | None = None) -> None:
    """Remember how long a command took [s]; a disk that takes nothing is no reason to fail."""
    path = path or default_path()
    known = _read(path)
    known.pop(words, None)
    known[words] = round(seconds, 3)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(dict(list(known.items())[-MOST:])), encoding="utf-8")
        draft.replace(path)


def default_path() -> Path:
    """Return the file that remembers, $XDG_CACHE_HOME/vi_ik_ros/seconds.json."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "vi_ik_ros" / "seconds.json"


def _read(path: Path) -> dict[str, float]:
    """Return what the file holds; nothing of a file that is missing or damaged."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {k: float(v) for k, v in known.items() if isinstance(v, int | float) and _is_time(v)}


def _is_time(value: float) -> bool:
    return math.isfinite(value) and value >= 0.0
