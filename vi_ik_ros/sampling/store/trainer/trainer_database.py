# SPDX-License-Identifier: Apache-2.0
"""What a trainer keeps when it ends or is killed: one SQLite file, held by one process."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sqlite_file import SqliteFile, is_empty, transaction

DATABASE_FILE = "trainer.sqlite"
LOCK_FILE = "trainer.lock"
SCHEMA_VERSION = 1

_TABLES = (
    """CREATE TABLE demonstration (
        id INTEGER PRIMARY KEY AUTOINCREMENT,   -- in the order of arrival
        stamp INTEGER NOT NULL,                 -- [ns], of the JointState
        joint_names TEXT NOT NULL,              -- JSON list, sorted
        positions BLOB NOT NULL                 -- [rad or m], in that order, little-endian float64
    )""",
    """CREATE TABLE job (
        id INTEGER PRIMARY KEY AUTOINCREMENT,   -- in the order of the queue
        model TEXT NOT NULL,                    -- name in the model store
        document TEXT NOT NULL,                 -- JSON
        running INTEGER NOT NULL DEFAULT 0      -- 1: is being trained
    )""",
)
_FILE = SqliteFile(
    field="work_directory",
    application_id=0x76694B31,
    schema_version=SCHEMA_VERSION,
    tables=_TABLES,
    patience=0.5,
    whole=f"a whole {DATABASE_FILE} of a trainer",
    writable="a directory that can be written",
    unshared="a directory of its own; another trainer works in this one",
)


class TrainerDatabase:
    """The file `trainer.sqlite` of a work directory: what is committed survives kill -9.

    Single-threaded, as the node is: only the thread that made it may use it, and a process that
    forks must leave it alone in the child. Readers of other processes are welcome; a second
    trainer is refused for as long as this process lives.
    """

    def __init__(self, directory: Path) -> None:
        """Take the directory for this process and open its file, made if it is not there.

        Args:
            directory: the trainer's work directory, made if it is not there.

        Raises:
            InvalidInput: The directory is in use or cannot be written, or its file is damaged,
                foreign or newer.
        """
        self.path = Path(directory) / DATABASE_FILE
        self._lock = _FILE.take(self.path.with_name(LOCK_FILE), self.path.parent)
        try:
            self._connection = _FILE.open_to_write(self.path)
        except BaseException:
            os.close(self._lock)
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all that the block executes, or none of it; on the disk when the block is left.

        Raises:
            InvalidInput: The disk is full or does not take it, or somebody else holds the file.
        """
        try:
            with transaction(self._connection):
                yield self._connection
        except sqlite3.Error as error:
            expected = f"a disk that takes what is written ({error})"
            raise InvalidInput(_FILE.field, str(self.path.parent), expected) from error

    def read(self, query: str, *values: object) -> list[tuple]:
        """Return the rows of a query.

        Raises:
            InvalidInput: The file is damaged.
        """
        with _FILE.refused(self.path):
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Give the directory free, as the end of the process does; a second call does nothing."""
        self._connection.close()
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1


def read_rows(path: Path, query: str) -> list[tuple]:
    """Return the rows of a query on the file of a trainer, which may run or not.

    Raises:
        InvalidInput: The file is missing, damaged, foreign or newer.
    """
    with _FILE.refused(path), closing(_FILE.open_to_read(path)) as connection:
        if is_empty(connection):
            raise damaged(path, "it is empty")
        return connection.execute(query).fetchall()


def damaged(path: Path, reason: str) -> InvalidInput:
    """Return the error for a file that cannot be used."""
    return _FILE.damaged(path, reason)
