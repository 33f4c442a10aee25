# SPDX-License-Identifier: Apache-2.0
"""Put a directory of files in place in one step, so that readers see the old or the new one."""

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_WRITING, _REPLACED = ".writing-", ".replaced-"  # in hidden names, after that of the directory


def write_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Replace a directory by one with exactly these files, all of them on the disk.

    Everything is written beside it first, then both are exchanged. An interrupted call leaves the
    old directory in place and a hidden one beside it, which the next call for it removes.

    Args:
        directory: where the files shall be; its parent exists.
        files: name to content.
    """
    with locked(directory.parent):
        replace_directory(directory, files)


def replace_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Do as `write_directory`, for a caller that holds the lock of the directory's parent."""
    _tidy(directory.parent, directory.name)
    fresh = _hidden(directory, _WRITING)
    try:
        for name, content in files.items():
            _write_file(fresh / name, content)
        fresh.chmod(0o755)
        _sync_directory(fresh)
        _put_in_place(fresh, directory)
        _sync_directory(directory.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def remove_unfinished(parent: Path) -> tuple[str, ...]:
    """Remove what killed writers have left below a directory; return the names.

    A writer holds the lock as long as something of it is unfinished, so under the lock whatever
    is unfinished has no writer any more. A directory that was on its way out when the new one had
    not come yet is put back.

    Raises:
        OSError: The directory cannot be read.
    """
    with locked(parent):
        return _tidy(parent, "*")


def check_writable(parent: Path, num_bytes: int) -> None:
    """Write a file below a directory, wait until the disk has it, and remove it.

    Args:
        parent: the directory, which is made if it does not exist.
        num_bytes: that have to be free beside it.

    Raises:
        OSError: It cannot be made or written, or the disk is too full.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with locked(parent):
        disk = os.statvfs(parent)
        if disk.f_bavail * disk.f_frsize < num_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(parent))
        handle, name = tempfile.mkstemp(prefix=f".probe{_WRITING}", dir=parent)
        try:
            with open(handle, "wb") as file:
                file.write(b"probe")
                file.flush()
                os.fsync(file.fileno())
            _sync_directory(parent)
        finally:
            os.unlink(name)


def read_directory(directory: Path, read: Callable[[int], T]) -> T:
    """Read from a directory as it was at one moment, even while another one replaces it.

    Args:
        directory: the directory.
        read: called with a handle of it for `read_file` and `file_size`; called again if the
            directory was replaced meanwhile.

    Raises:
        OSError: The directory or one of its files cannot be read.
    """
    while True:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return read(handle)
        except FileNotFoundError:
            if os.path.samestat(os.fstat(handle), os.stat(directory)):
                raise
        finally:
            os.close(handle)


def read_file(handle: int, name: str) -> bytes:
    """Read a file of an open directory, whatever has that directory's path by now."""
    with open(os.open(name, os.O_RDONLY, dir_fd=handle), "rb") as file:
        return file.read()


def file_size(handle: int, name: str) -> int:
    """Return the bytes that a file of an open directory has."""
    return os.stat(name, dir_fd=handle).st_size


def _tidy(parent: Path, name: str) -> tuple[str, ...]:
    """Put back what would be missing and remove what is unfinished, of directories of a name."""
    for old in parent.glob(f".{name}{_REPLACED}*"):
        directory = parent / old.name[1:].partition(_REPLACED)[0]
        if not directory.exists() and any(old.iterdir()):
            old.rename(directory)
    stale = sorted(p for kind in (_WRITING, _REPLACED) for p in parent.glob(f".{name}{kind}*"))
    for path in stale:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return tuple(path.name for path in stale)


def _hidden(directory: Path, kind: str) -> Path:
    """Make a hidden directory beside another one."""
    return Path(tempfile.mkdtemp(prefix=f".{directory.name}{kind}", dir=directory.parent))


@contextmanager
def locked(parent: Path) -> Iterator[None]:
    """Let one process write below a directory at a time; the lock ends with the process."""
    handle = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_file(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    """Wait until the disk has the entries of a directory."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put_in_place(fresh: Path, directory: Path) -> None:
    """Give the fresh directory the path of the other, and the other that of the fresh one."""
    if not directory.exists():
        fresh.rename(directory)
    elif not _exchange(fresh, directory):
        # A file system without exchange: between two renames, the path is briefly free.
        old = _hidden(directory, _REPLACED)
        directory.rename(old)
        fresh.rename(directory)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(a: Path, b: Path) -> bool:
    """Swap two directories in one step; false where the system cannot."""
    swap = getattr(ctypes.CDLL(None), "renameat2", None)
    if swap is None:
        return False
    return swap(_AT_FDCWD, os.fsencode(a), _AT_FDCWD, os.fsencode(b), _RENAME_EXCHANGE) == 0
