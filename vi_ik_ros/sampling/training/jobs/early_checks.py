# SPDX-License-Identifier: Apache-2.0
"""Objectives that wait for another training are checked now, not when their turn comes."""

from collections.abc import Callable, Mapping

from vi_ik_ros.sampling.training.jobs.pending_job import PendingJob
from vi_ik_ros.sampling.training.jobs.training_job import TrainingJob
from vi_ik_ros.sampling.training.jobs.worker_process import WorkerProcess


class EarlyChecks:
    """Checks jobs one after the other, each in a process that ends with the answer."""

    def __init__(self, request: Callable[[TrainingJob], Mapping[str, object]]) -> None:
        """Check nothing yet.

        Args:
            request: what a worker is asked to check a job.
        """
        self._request = request
        self._waiting: list[PendingJob] = []
        self._job: PendingJob | None = None
        self._worker: WorkerProcess | None = None

    def add(self, job: PendingJob) -> None:
        """Check a job when the others have been."""
        self._waiting.append(job)

    def drop(self, model: str) -> None:
        """Check the job of a name no more: its turn has come, or another one has its place."""
        self._waiting = [pending for pending in self._waiting if pending.job.model != model]
        if self._job is not None and self._job.job.model == model:
            self._end()

    def update(self) -> tuple[PendingJob, dict] | None:
        """Return a job that cannot be trained with the worker's `refused` event, if one is found.

        Never waits.
        """
        if self._job is None and self._waiting:
            self._job = self._waiting.pop(0)
            self._worker = WorkerProcess(self._request(self._job.job))
        if self._job is None or self._worker is None:
            return None
        job = self._job
        for event in self._worker.events():
            if event["event"] in ("checked", "refused"):
                self._end()
                return (job, event) if event["event"] == "refused" else None
        return None

    def close(self) -> None:
        """Stop."""
        self._waiting.clear()
        self._end()

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.stop()
        self._job = self._worker = None
