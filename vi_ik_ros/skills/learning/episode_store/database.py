# SPDX-License-Identifier: Apache-2.0
"""The SQLite file of a store: its tables, and how it is opened."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sqlite_file import SqliteFile

SCHEMA_VERSION = 1
FIELD = "store"

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
STORE = SqliteFile(
    field=FIELD,
    application_id=0x76694B45,
    schema_version=SCHEMA_VERSION,
    tables=_TABLES,
    patience=5.0,
    whole="the whole store of a learning run",
    writable="a place that can be written",
    unshared="a store of its own; another process is learning into this one",
)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a store that may be written by another process meanwhile.

    Raises:
        InvalidInput: there is none, or it is damaged, foreign or newer.
    """
    if not path.is_file():
        raise InvalidInput(FIELD, str(path), "the file of a learning run, or its directory")
    return STORE.open_to_read(path)


def take(path: Path) -> int:
    """Lock a store for the life of this process; return the handle that holds the lock.

    Raises:
        InvalidInput: another process learns there, or the directory cannot be written.
    """
    return STORE.take(path.with_name(f"{path.name}.lock"), path)


@contextmanager
def damage_in(path: Path, part: str) -> Iterator[None]:
    """Name the part of a store that cannot be read."""
    try:
        yield
    except (InvalidInput, ValueError, TypeError) as error:
        raise STORE.damaged(path, f"{part}: {error}") from error
