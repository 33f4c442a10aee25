# SPDX-License-Identifier: Apache-2.0
"""The SQLite file of a store: opened with care, written in whole transactions."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput

SCHEMA_VERSION = 1
FIELD = "store"

_APPLICATION_ID = 0x76694B45  # in the header of the file: tells ours from any other SQLite file
_PATIENCE = 5.0  # [s], for which somebody else may hold the file, such as the program sqlite3
_TABLES = (
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY CHECK (id = 1),  -- a file holds one
        skill TEXT NOT NULL,
        skill_digest TEXT NOT NULL,             -- SHA-256 of skill_values
        scene TEXT NOT NULL,
        scene_digest TEXT NOT NULL,             -- SHA-256 of scene_values
        plant TEXT NOT NULL,
        method TEXT NOT NULL,
        seed INTEGER NOT NULL,
        settings TEXT NOT NULL,                 -- JSON
        code TEXT NOT NULL,                     -- version with which it was begun
        skill_values TEXT NOT NULL,             -- JSON of the skill file
        scene_values TEXT NOT NULL              -- JSON of the scene file
    )""",
    """CREATE TABLE episode (
        number INTEGER PRIMARY KEY,             -- from 1, in the order of execution
        x TEXT NOT NULL,                        -- JSON list, suggested, in the unit cube
        probability REAL,                       -- of success, expected; NULL: no idea
        reason TEXT NOT NULL,                   -- of the suggestion
        record TEXT NOT NULL,                   -- JSON of the whole episode, null: NaN
        digest TEXT NOT NULL,                   -- SHA-256 of the record's numbers
        seed INTEGER NOT NULL,
        success INTEGER NOT NULL,
        cost REAL,                              -- NULL unless success
        invalid_reason TEXT NOT NULL,           -- '' of those that are learned from
        suggest_seconds REAL NOT NULL,
        episode_seconds REAL NOT NULL,
        ended REAL NOT NULL                     -- [s] since 1970
    )""",
    """CREATE TABLE trace (
        number INTEGER PRIMARY KEY REFERENCES episode,
        columns BLOB NOT NULL,                  -- an .npz file
        digest TEXT NOT NULL                    -- SHA-256 of its numbers
    )""",
    """CREATE TABLE recommendation (
        num_outcomes INTEGER NOT NULL,          -- valid episodes that it was made of
        required_probability REAL NOT NULL,
        x TEXT NOT NULL,                        -- JSON list, in the unit cube
        probability REAL,                       -- of success, expected; NULL: no idea
        cost REAL,                              -- expected; NULL: no idea
        is_safe INTEGER NOT NULL,               -- probability is at least the required one
        PRIMARY KEY (num_outcomes, required_probability)
    )""",
)


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open a store, or make its tables in an empty or new file.

    Raises:
        InvalidInput: the file is damaged, foreign or newer, or cannot be written.
    """
    with refused(path):
        connection = _connect(path, "rwc")
        try:
            fresh = is_fresh(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            # With FULL a commit waits until the disk has the log: a power cut takes nothing, too.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            if fresh:
                _create_tables(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a store that may be written by another process meanwhile.

    Raises:
        InvalidInput: there is none, or it is damaged, foreign or newer.
    """
    if not path.is_file():
        raise InvalidInput(FIELD, str(path), "the file of a learning run, or its directory")
    with refused(path):
        connection = _connect(path, "ro")
        try:
            is_fresh(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def is_fresh(connection: sqlite3.Connection, path: Path) -> bool:
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
        raise InvalidInput(FIELD, str(path), expected)
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(path, verdict)
    return False


def damaged(path: Path, reason: str) -> InvalidInput:
    """Return the error for a file that cannot be used."""
    return InvalidInput(FIELD, str(path), f"the whole store of a learning run ({reason})")


@contextmanager
def refused(path: Path) -> Iterator[None]:
    """Turn an error of SQLite into one of ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise damaged(path, str(error)) from error


@contextmanager
def damage_in(path: Path, part: str) -> Iterator[None]:
    """Name the part of a store that cannot be read."""
    try:
        yield
    except (InvalidInput, ValueError, TypeError) as error:
        raise damaged(path, f"{part}: {error}") from error


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


def take(path: Path) -> int:
    """Lock a store for the life of this process; return the handle that holds the lock.

    The lock has a file of its own: closing a handle on the store would drop SQLite's locks.

    Raises:
        InvalidInput: another process learns there, or the directory cannot be written.
    """
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        expected = f"a place that can be written ({error.strerror})"
        raise InvalidInput(FIELD, str(path), expected) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        expected = "a store of its own; another process is learning into this one"
        raise InvalidInput(FIELD, str(path), expected) from None
    return handle


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open a file with explicit transactions: "ro" reads, "rwc" writes and makes it."""
    place = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(place, isolation_level=None, timeout=_PATIENCE, uri=True)


def _create_tables(connection: sqlite3.Connection) -> None:
    """Make an empty file one of ours, in one step: a kill in the middle leaves it empty."""
    with transaction(connection):
        for table in _TABLES:
            connection.execute(table)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
