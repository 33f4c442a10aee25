# SPDX-License-Identifier: Apache-2.0
"""Directories on the command line, refused before any work where they cannot be used."""

import tempfile
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput


def store_directory(text: str) -> Path:
    """Return the directory of a model store, which need not exist yet.

    Raises:
        InvalidInput: It is something else.
    """
    path = Path(text).expanduser()
    if path.exists() and not path.is_dir():
        raise InvalidInput("--store", text, "a directory with one folder per model")
    return path


def make_directory(option: str, path: Path) -> None:
    """Make a directory that is written into, unless it is there.

    Raises:
        InvalidInput: It cannot be made.
    """
    if path.exists() and not path.is_dir():
        raise InvalidInput(option, str(path), "a directory, or a name for a new one")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = f"a directory that can be made ({error.strerror})"
        raise InvalidInput(option, str(path), expected) from None


def check_file(option: str, path: Path | None) -> None:
    """Refuse a file that cannot be written for want of its directory.

    Raises:
        InvalidInput: It has none, or is a directory itself.
    """
    if path is not None and (path.is_dir() or not path.resolve().parent.is_dir()):
        raise InvalidInput(option, str(path), "a file in a directory that exists")


def check_place(option: str, path: Path) -> None:
    """Refuse a file or directory beside which nothing can be written; nothing stays of the trial.

    Raises:
        InvalidInput: Nothing can be written there.
    """
    there = path.absolute().parent
    while not there.is_dir() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryDirectory(dir=there, prefix=".vi_ik_"):
            pass
    except OSError as error:
        expected = f"a place that can be written ({error.strerror})"
        raise InvalidInput(option, str(path), expected) from None
