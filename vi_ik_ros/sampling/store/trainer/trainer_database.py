# SPDX-License-Identifier: Apache-2.0
"""What a trainer keeps when it ends or is killed: one SQLite file, held by one process."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput

DATABASE_FILE = "trainer.sqlite"
LOCK_FILE = "trainer.lock"
SCHEMA_VERSION = 1

_FIELD = "work_directory"
_APPLICATION_ID = 0x76694B31  # in the header of the file: tells ours from any other SQLite file
_PATIENCE = 0.5  # [s], for which somebody else may hold the file, such as the program sqlite3
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
        self._lock = _take(self.path.parent)
        try:
            self._connection = _open(self.path)
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
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has undone it already
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            expected = f"a disk that takes what is written ({error})"
            raise InvalidInput(_FIELD, str(self.path.parent), expected) from error

    def read(self, query: str, *values: object) -> list[tuple]:
        """Return the rows of a query.

        Raises:
            InvalidInput: The file is damaged.
        """
        with _refused(self.path):
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
    with _refused(path), closing(_connect(path, "ro")) as connection:
        if _is_fresh(connection, path):
            raise damaged(path, "it is empty")
        return connection.execute(query).fetchall()


def damaged(path: Path, reason: str) -> InvalidInput:
    """Return the error for a file that cannot be used."""
    return InvalidInput(_FIELD, str(path), f"a whole {DATABASE_FILE} of a trainer ({reason})")


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Turn an error of SQLite into one of ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise damaged(path, str(error)) from error


def _take(directory: Path) -> int:
    """Lock a directory for the life of this process; return the handle that holds the lock.

    Children do not inherit the handle, so a worker that outlives a killed trainer keeps nothing.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        expected = f"a directory that can be written ({error.strerror})"
        raise InvalidInput(_FIELD, str(directory), expected) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        expected = "a directory of its own; another trainer works in this one"
        raise InvalidInput(_FIELD, str(directory), expected) from None
    return handle


def _open(path: Path) -> sqlite3.Connection:
    """Open the file of a trainer; it is checked before anything is written into it."""
    with _refused(path):
        connection = _connect(path, "rwc")
        try:
            fresh = _is_fresh(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            # With FULL a commit waits until the disk has the log: a power cut takes nothing, too.
            connection.execute("PRAGMA synchronous = FULL")
            if fresh:
                _create_tables(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open a file with explicit transactions: "ro" reads, "rwc" writes and makes it."""
    place = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(place, isolation_level=None, timeout=_PATIENCE, uri=True)


def _is_fresh(connection: sqlite3.Connection, path: Path) -> bool:
    """Tell an empty file from one of ours; refuse every other."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (application, version, tables) == (0, 0, 0):
        return True
    if application != _APPLICATION_ID or version < 1:
        raise damaged(path, "this is another program's")
    if version > SCHEMA_VERSION:
        expected = f"schema version {SCHEMA_VERSION}; a newer vi_ik_ros wrote version {version}"
        raise InvalidInput(_FIELD, str(path), expected)
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(path, verdict)
    return False


def _create_tables(connection: sqlite3.Connection) -> None:
    """Make an empty file one of ours, in one step: a kill in the middle leaves it empty."""
    connection.execute("BEGIN IMMEDIATE")
    for table in _TABLES:
        connection.execute(table)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")
