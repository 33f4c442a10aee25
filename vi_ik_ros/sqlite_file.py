# SPDX-License-Identifier: Apache-2.0
"""SQLite files that survive kill -9 and power cuts: opened with care, written in transactions."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput


@dataclass(frozen=True)
class SqliteFile:
    """A kind of file: what tells it from others, what it holds, and how its refusals read.

    Attributes:
        field: what errors call the place.
        application_id: in the header of the file: tells ours from any other SQLite file.
        schema_version: in the header as well, from 1; files of newer ones are refused.
        tables: commands that make them in an empty file.
        patience: [s], for which somebody else may hold the file, such as the program sqlite3.
        whole: what was expected where a file is damaged or foreign, in words.
        writable: what was expected where nothing can be written.
        unshared: what was expected where another process holds the lock.
    """

    field: str
    application_id: int
    schema_version: int
    tables: tuple[str, ...]
    patience: float
    whole: str
    writable: str
    unshared: str

    def open_to_write(self, path: Path) -> sqlite3.Connection:
        """Open a file, or make its tables in an empty or new one; checked before it is written.

        Raises:
            InvalidInput: The file is damaged, foreign or newer, or cannot be written.
        """
        with self.refused(path):
            connection = self._connect(path, "rwc")
            try:
                fresh = self._check(connection, path)
                connection.execute("PRAGMA journal_mode = WAL")
                # With FULL a commit waits until the disk has the log: a power cut takes nothing.
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = ON")
                if fresh:
                    self._create_tables(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def open_to_read(self, path: Path) -> sqlite3.Connection:
        """Open a file that another process may write meanwhile; an empty one is let through.

        Raises:
            InvalidInput: The file is missing, damaged, foreign or newer.
        """
        with self.refused(path):
            connection = self._connect(path, "ro")
            try:
                self._check(connection, path)
            except BaseException:
                connection.close()
                raise
        return connection

    def damaged(self, path: Path, reason: str) -> InvalidInput:
        """Return the error for a file that cannot be used."""
        return InvalidInput(self.field, str(path), f"{self.whole} ({reason})")

    @contextmanager
    def refused(self, path: Path) -> Iterator[None]:
        """Turn an error of SQLite into one of ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise self.damaged(path, str(error)) from error

    def take(self, lock: Path, place: Path) -> int:
        """Take a lock for the life of this process; return the handle that holds it.

        The lock has a file of its own, since closing a handle on the database would drop the
        locks of SQLite. Programs that are started do not inherit the handle, so a worker that
        outlives a killed owner keeps nothing.

        Args:
            lock: file of the lock, made if it is not there, as is its directory.
            place: what an error calls the place.

        Raises:
            InvalidInput: Another process holds it, or the directory cannot be written.
        """
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            expected = f"{self.writable} ({error.strerror})"
            raise InvalidInput(self.field, str(place), expected) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise InvalidInput(self.field, str(place), self.unshared) from None
        return handle

    def _connect(self, path: Path, mode: str) -> sqlite3.Connection:
        """Open a file with explicit transactions: "ro" reads, "rwc" writes and makes it."""
        place = f"{path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(place, isolation_level=None, timeout=self.patience, uri=True)

    def _check(self, connection: sqlite3.Connection, path: Path) -> bool:
        """Tell an empty file (True) from a whole one of ours; refuse every other."""
        if is_empty(connection):
            return True
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != self.application_id or version < 1:
            raise self.damaged(path, "this is another program's")
        if version > self.schema_version:
            wrote = f"a newer vi_ik_ros wrote version {version}"
            expected = f"schema version {self.schema_version}; {wrote}"
            raise InvalidInput(self.field, str(path), expected)
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise self.damaged(path, verdict)
        return False

    def _create_tables(self, connection: sqlite3.Connection) -> None:
        """Make an empty file one of ours, in one step: a kill in the middle leaves it empty."""
        with transaction(connection):
            for table in self.tables:
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {self.application_id}")
            connection.execute(f"PRAGMA user_version = {self.schema_version}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit all that the block executes, or none of it; on the disk when the block is left."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk has undone it already
            connection.execute("ROLLBACK")
        raise


def is_empty(connection: sqlite3.Connection) -> bool:
    """Tell whether a file has neither tables nor a header that some program wrote."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return (application, version, tables) == (0, 0, 0)
