# SPDX-License-Identifier: Apache-2.0
"""The store of one learning run: an episode that ended is in it, once."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.trace import Trace
from vi_ik_ros.skills.learning.episode_store.database import (
    FIELD,
    STORE,
    damage_in,
    open_to_read,
    take,
)
from vi_ik_ros.skills.learning.episode_store.rows import (
    episode_from_row,
    recommendation_from_row,
    row_of_episode,
    row_of_recommendation,
    row_of_run,
    run_from_row,
)
from vi_ik_ros.skills.learning.episode_store.stored_episode import (
    StoredEpisode,
    StoredRecommendation,
)
from vi_ik_ros.skills.learning.episode_store.trace_bytes import trace_from_bytes, trace_to_bytes
from vi_ik_ros.skills.learning.run.learning_run import LearningRun
from vi_ik_ros.sqlite_file import transaction

FILE = "episodes.sqlite"
SUFFIXES = (".sqlite", ".db")


def store_path(place: Path) -> Path:
    """Return the file of a store that is named by its directory or by itself."""
    return place if place.suffix in SUFFIXES or place.is_file() else place / FILE


class EpisodeStore:
    """Episodes in the order of their execution, with the run that they are of.

    What `add` returned from survives kill -9 and power cuts. Only one process adds to a store;
    others may read meanwhile. A store belongs to the thread that opened it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: int = -1) -> None:
        """Take an open file; `begin`, `resume` and `read` open one."""
        self.path = path
        self._connection, self._lock = connection, lock

    @classmethod
    def begin(cls, path: Path, run: LearningRun) -> Self:
        """Make a new store.

        Raises:
            InvalidInput: there is one already, or it cannot be made.
        """
        store = cls._to_write(path)
        try:
            if store.stored_run() is not None:
                expected = "a new place, or resume to go on with the run that is there"
                raise InvalidInput(FIELD, str(path), expected)
            store._insert("run", row_of_run(run))
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def resume(cls, path: Path, run: LearningRun) -> Self:
        """Open a store to go on with its run.

        Raises:
            InvalidInput: there is none, it is damaged or newer, or it is of another run.
        """
        if not path.is_file():
            raise InvalidInput(FIELD, str(path), "a store that exists, to go on with")
        store = cls._to_write(path)
        try:
            stored = store.stored_run()
            if stored is None:  # killed before the first episode
                store._insert("run", row_of_run(run))
            else:
                run.check_same(stored, str(path))
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def peek(cls, path: Path) -> LearningRun | None:
        """Return the run of a store, None where a process was killed before it had written one.

        Raises:
            InvalidInput: there is none, or it is damaged, foreign or newer.
        """
        with closing(open_to_read(path)) as connection:
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return cls(path, connection).stored_run() if tables else None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open a store to look at it, be it that it is written meanwhile.

        Raises:
            InvalidInput: there is none, or it is damaged, foreign or newer.
        """
        if cls.peek(path) is None:
            raise STORE.damaged(path, "it holds no run")
        return cls(path, open_to_read(path))

    @classmethod
    def _to_write(cls, path: Path) -> Self:
        """Lock and open a file, made if it is not there."""
        lock = take(path)
        try:
            return cls(path, STORE.open_to_write(path), lock)
        except BaseException:
            os.close(lock)
            raise

    @property
    def run(self) -> LearningRun:
        """Return the run whose episodes these are."""
        run = self.stored_run()
        assert run is not None  # of every open store
        return run

    def stored_run(self) -> LearningRun | None:
        """Return the run, None where a process was killed before it had written one."""
        rows = self._rows("SELECT * FROM run")
        with damage_in(self.path, "run"):
            return run_from_row(rows[0]) if rows else None

    def add(self, entry: StoredEpisode, trace: Trace | None = None) -> None:
        """Commit an episode that ended, with its course; on the disk on return.

        Raises:
            InvalidInput: the disk is full, or there is an episode of this number already.
        """
        course = None
        if trace is not None:
            course = (entry.number, trace_to_bytes(trace), trace.digest())
        with STORE.refused(self.path), transaction(self._connection):
            self._connection.execute(*_insertion("episode", row_of_episode(entry)))
            if course is not None:
                self._connection.execute(*_insertion("trace", course))

    def add_recommendation(self, entry: StoredRecommendation) -> None:
        """Commit a recommendation; one that is there already is replaced."""
        self._insert("recommendation", row_of_recommendation(entry), "INSERT OR REPLACE")

    def episodes(self) -> list[StoredEpisode]:
        """Return all episodes, in the order of their execution.

        Raises:
            InvalidInput: an episode is damaged or missing.
        """
        rows = self._rows("SELECT * FROM episode ORDER BY number")
        entries = []
        for number, row in enumerate(rows, start=1):
            if row[0] != number:
                raise STORE.damaged(self.path, f"episode {number} is missing")
            with damage_in(self.path, f"episode {number}"):
                entries.append(episode_from_row(row))
        return entries

    def recommendations(self) -> list[StoredRecommendation]:
        """Return all recommendations, in the order of the episodes."""
        rows = self._rows("SELECT * FROM recommendation ORDER BY num_outcomes")
        return [recommendation_from_row(row) for row in rows]

    def trace(self, number: int) -> Trace | None:
        """Return the course of an episode, None if none was kept.

        Raises:
            InvalidInput: it is damaged.
        """
        rows = self._rows("SELECT columns, digest FROM trace WHERE number = ?", number)
        if not rows:
            return None
        data, digest = rows[0]
        with damage_in(self.path, f"trace {number}"):
            trace = trace_from_bytes(data)
        if trace.digest() != digest:
            raise STORE.damaged(self.path, f"trace {number} is not what was stored")
        return trace

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        self._connection.close()
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def _insert(self, table: str, row: Sequence, verb: str = "INSERT") -> None:
        with STORE.refused(self.path), transaction(self._connection):
            self._connection.execute(*_insertion(table, row, verb))

    def _rows(self, query: str, *values: object) -> list[tuple]:
        with STORE.refused(self.path):
            return self._connection.execute(query, values).fetchall()


def _insertion(table: str, row: Sequence, verb: str = "INSERT") -> tuple[str, Sequence]:
    """Return the command that adds a row to a table, and its values."""
    return f"{verb} INTO {table} VALUES ({', '.join('?' * len(row))})", row
