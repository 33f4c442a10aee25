# SPDX-License-Identifier: Apache-2.0
"""The trainings that wait, and the one that runs, kept on the disk."""

from dataclasses import dataclass

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase

CAPACITY = 64  # waiting names
MAX_SIZE = 2**24  # characters of one job

_COLUMNS = "SELECT id, model, document FROM job"


@dataclass(frozen=True)
class QueuedJob:
    """One training as it was asked for.

    Attributes:
        id: its number, for `finish`; never used twice.
        model: name in the model store.
        job_json: all that it needs.
    """

    id: int
    model: str
    job_json: str


class JobQueue:
    """First come, first trained, one at a time; each change is on the disk when a call returns.

    A model name waits once: a newer job of that name supersedes the waiting one and takes its own
    place at the end of the queue. The running job is never superseded.
    """

    def __init__(self, database: TrainerDatabase) -> None:
        """Go on with the queue of a database."""
        self._database = database

    def put(self, job_json: str, model: str) -> QueuedJob | None:
        """Append a job; return the one that it supersedes.

        Raises:
            InvalidInput: Too many names wait, the job is too large, or the disk does not take it.
        """
        if len(job_json) > MAX_SIZE:
            expected = f"at most {MAX_SIZE} characters of JSON"
            raise InvalidInput("objectives", f"{len(job_json)} characters", expected)
        waiting = self.waiting()
        if len(waiting) >= CAPACITY and model not in waiting:
            expected = f"a name that waits, or to come later: {CAPACITY} models wait already"
            raise InvalidInput("model", model, expected)
        superseded = self._first("WHERE NOT running AND model = ?", model)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM job WHERE NOT running AND model = ?", (model,))
            row = (model, job_json)
            connection.execute("INSERT INTO job (model, document) VALUES (?, ?)", row)
        return superseded

    def take(self) -> QueuedJob | None:
        """Mark the first waiting job as running; None if none waits, or if one runs already."""
        first = self._first("WHERE NOT running ORDER BY id LIMIT 1")
        if first is None or self.interrupted() is not None:
            return None
        with self._database.transaction() as connection:
            connection.execute("UPDATE job SET running = 1 WHERE id = ?", (first.id,))
        return first

    def finish(self, job_id: int) -> None:
        """Remove a job, whether it runs or waits, and however it ended."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM job WHERE id = ?", (job_id,))

    def withdraw(self, model: str) -> None:
        """Remove the job of a name that waits, if there is one."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM job WHERE NOT running AND model = ?", (model,))

    def waiting(self) -> tuple[str, ...]:
        """Return the model names that wait, the next one first."""
        rows = self._database.read("SELECT model FROM job WHERE NOT running ORDER BY id")
        return tuple(model for (model,) in rows)

    def interrupted(self) -> QueuedJob | None:
        """Return the job that runs: at the start of a process, the one that was broken off."""
        return self._first("WHERE running")

    def _first(self, condition: str, *values: object) -> QueuedJob | None:
        rows = self._database.read(f"{_COLUMNS} {condition}", *values)
        return QueuedJob(*rows[0]) if rows else None
