# SPDX-License-Identifier: Apache-2.0
"""What a trainer node does, without ROS: one training at a time, a queue, a store that improves."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput, ViIkError
from vi_ik_ros.sampling.store.adoption import adopt
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.store.trainer.job_queue import JobQueue
from vi_ik_ros.sampling.training.jobs.early_checks import EarlyChecks
from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus, Reason
from vi_ik_ros.sampling.training.jobs.pending_job import PendingJob
from vi_ik_ros.sampling.training.jobs.training_job import TrainingJob
from vi_ik_ros.sampling.training.jobs.worker_process import WorkerProcess

RETRY = 1.0  # [s] between two tries to write the queue
_REASONS = {"objectives": Reason.OBJECTIVES, "settings": Reason.SETTINGS, "store": Reason.STORE}


@dataclass(frozen=True)
class TrainerOptions:
    """How jobs are trained.

    Attributes:
        device: `auto`, or a device of torch.
        time_limit: of a job that names none [s].
        threads: of a training.
        nice: niceness of a training.
    """

    device: str = "auto"
    time_limit: float = 600.0
    threads: int = 1
    nice: int = 19


class Trainer:
    """Trains the jobs that are submitted, one at a time, in a process of their own.

    `update` belongs in a timer; it never waits. What waits or is being trained is in the queue on
    the disk: after a crash, the next trainer goes on from the last checkpoint.
    """

    def __init__(
        self,
        store: ModelStore,
        queue: JobQueue,
        work: Path,
        options: TrainerOptions,
        *,
        on_status: Callable[[JobStatus], None] = lambda status: None,
        on_model: Callable[[str], None] = lambda name: None,
    ) -> None:
        """Take over what a trainer before this one has left.

        Args:
            store: where models go.
            queue: of the jobs.
            work: directory of the models that are being trained, used by nobody else.
            options: how they are trained.
            on_status: called once with each new state of a job.
            on_model: called with the name of a model that was written into the store.

        Raises:
            InvalidInput: the work directory cannot be used.
        """
        self._store, self._queue, self._work, self._options = store, queue, work, options
        self._on_status, self._on_model = on_status, on_model
        self._status = JobStatus()
        self._training: PendingJob | None = None
        self._queue_id, self._is_leaving, self._retry = 0, False, 0.0
        self._worker: WorkerProcess | None = None
        self._checks = EarlyChecks(lambda job: self._request("check", job))
        self._left = self._queue.interrupted()
        self._clean_up()

    @property
    def status(self) -> JobStatus:
        """Where the job stands that is being trained, or was dealt with last."""
        return self._status

    @property
    def queued(self) -> Sequence[str]:
        """Names of the models that wait, the next one first."""
        return self._queue.waiting()

    def submit(self, job: TrainingJob, stamp: int) -> None:
        """Put a job into the queue, or refuse it; `on_status` hears which.

        Args:
            job: what to train.
            stamp: of the objective set [ns], repeated in its statuses.
        """
        pending = PendingJob(job, stamp)
        try:
            job.check()
            self._store.check_writable(job.model)
            replaced = self._queue.put(pending.to_json(), job.model)
        except ViIkError as error:
            reason = Reason.STORE if _is_about_store(error) else Reason.SETTINGS
            status = pending.status(JobState.REFUSED)
            self._tell(replace(status, reason=reason, message=str(error)))
            return
        self._checks.drop(job.model)
        if replaced is not None:
            status = PendingJob.from_queue(replaced).status(JobState.SUPERSEDED)
            self._tell(replace(status, message="a newer set of this name came while it waited"))
        self._tell(pending.status(JobState.QUEUED))
        if self._training is not None:  # Its turn may be far: say now if it will be refused.
            self._checks.add(pending)

    def update(self) -> None:
        """Hear the workers, begin what comes next."""
        if self._worker is not None:
            for event in self._worker.events():
                self._hear(event)
        if refused := self._checks.update():
            self._refuse_waiting(*refused)
        if self._is_leaving and time.monotonic() > self._retry:
            self._leave_queue()
        if self._training is None and not self._is_leaving:
            self._begin_next()

    def cancel(self) -> str:
        """Stop the training that is going on; return its name, empty if there is none.

        What waits is trained next.
        """
        if self._training is None:
            return ""
        name = self._training.job.model
        self._end(replace(self._status, state=JobState.CANCELLED))
        return name

    def close(self) -> None:
        """Stop; the next trainer on the same work directory goes on where this one was."""
        self._checks.close()
        if self._worker is not None:
            self._worker.stop()
            self._training = self._worker = None

    def _clean_up(self) -> None:
        """Remove what no job will go on with."""
        try:
            self._work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            expected = f"a directory that can be written ({error.strerror})"
            raise InvalidInput("work_directory", str(self._work), expected) from None
        left = self._left
        kept = {left.model, f"{left.model}.partial"} if left else set()
        for path in self._work.iterdir():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)
        for half in self._work.glob("*.partial/*.writing"):  # a checkpoint
            half.unlink(missing_ok=True)
        self._store.remove_unfinished()

    def _begin_next(self) -> None:
        """Take the next job, first of all the one that a crash has interrupted."""
        interrupted, self._left = self._left, None
        queued = interrupted or self._queue.take()
        if queued is None:
            return
        self._training, self._queue_id = PendingJob.from_queue(queued), queued.id
        job = self._training.job
        self._checks.drop(job.model)
        self._tell(self._training.status(JobState.CHECKING))
        fitted = self._work / job.model
        if interrupted is not None and fitted.is_dir():  # It was ready, only not stored yet.
            self._store_model()
            return
        try:
            self._store.check_writable(job.model)
        except ViIkError as error:
            self._refuse(Reason.STORE, str(error))
            return
        words = {"directory": str(fitted), "resume": interrupted is not None}
        request = {**self._request("train", job), **words, "command": "trainer node"}
        self._worker = WorkerProcess(request)

    def _request(self, kind: str, job: TrainingJob) -> Mapping[str, object]:
        """Return what a worker is asked to do with a job."""
        options = self._options
        settings = {"time_limit": options.time_limit, **job.settings}
        job = replace(job, device=options.device, settings=settings)
        words = {"kind": kind, "job": job.to_plain()}
        return {**words, "threads": options.threads, "nice": options.nice}

    def _hear(self, event: Mapping) -> None:
        """Turn an event of the worker into a status."""
        if self._training is None:  # Ended; what the worker still had to say is of no use.
            return
        match event["event"]:
            case "checked":
                known = {word: event[word] for word in ("family", "device")}
                warnings = tuple(event["warnings"]) + ((event["note"],) if event["note"] else ())
                state = JobState.TRAINING
                self._tell(replace(self._status, state=state, warnings=warnings, **known))
            case "progress":
                self._status = _progressed(self._status, event)
            case "fitted":
                self._store_model()
            case "refused":
                self._refuse(_reason(event), event["message"])

    def _store_model(self) -> None:
        """Let the store have the model, unless what it holds is better."""
        assert self._training is not None
        job = self._training.job
        self._tell(replace(self._status, state=JobState.STORING, progress=1.0, seconds_left=0.0))
        try:
            found = adopt(self._store, self._work / job.model, job.model, force=job.force)
        except ViIkError as error:
            self._refuse(Reason.STORE, str(error))
            return
        status = replace(
            self._status,
            state=JobState.DONE if found.adopted else JobState.KEPT,
            message=found.reason,
            score=found.score,
            stored_score=found.stored_score,
            digest=found.digest,
        )
        self._end(status)
        if found.adopted:
            self._on_model(job.model)

    def _refuse(self, reason: Reason, message: str) -> None:
        """End the job that is being trained without a model."""
        began = self._status.state in (JobState.TRAINING, JobState.STORING)
        state = JobState.FAILED if began or reason is Reason.INTERNAL else JobState.REFUSED
        self._end(replace(self._status, state=state, reason=reason, message=message))

    def _refuse_waiting(self, pending: PendingJob, event: Mapping) -> None:
        """Take a job that cannot be trained out of the queue."""
        self._queue.withdraw(pending.job.model)
        reason, status = _reason(event), pending.status(JobState.REFUSED)
        self._tell(replace(status, reason=reason, message=event["message"]))

    def _end(self, status: JobStatus) -> None:
        """Forget a job, on the disk as well, before anybody hears that it has ended."""
        assert self._training is not None
        if self._worker is not None:
            self._worker.stop(0.0)  # Nobody needs what it could still keep.
        name = self._training.job.model
        self._training = self._worker = None
        self._is_leaving = True
        refusal = self._leave_queue()  # First: nobody shall go on with half of the files.
        for directory in (name, f"{name}.partial"):
            shutil.rmtree(self._work / directory, ignore_errors=True)
        lines = [line for line in (status.message, refusal) if line]
        self._tell(replace(status, message="; ".join(lines)))

    def _leave_queue(self) -> str:
        """Take the job that has ended out of the queue; return why that failed, if it did.

        A full disk may have room later: it is tried again until then.
        """
        try:
            self._queue.finish(self._queue_id)
        except ViIkError as error:
            self._retry = time.monotonic() + RETRY
            return str(error)
        self._is_leaving = False
        return ""

    def _tell(self, status: JobStatus) -> None:
        """Tell a status; it becomes the trainer's own unless another job is being trained."""
        if self._training is None or self._training.is_about(status):
            self._status = status
        self._on_status(status)


def _progressed(status: JobStatus, event: Mapping) -> JobStatus:
    """Return a status with the figures of a worker's `progress` event."""
    return replace(
        status,
        progress=event["fraction"],
        step=event["step"],
        elapsed=event["seconds"],
        seconds_left=event["seconds_left"],
        num_components=event["num_components"],
        figures=event["figures"],
    )


def _reason(event: Mapping) -> Reason:
    """Return whose fault a worker's `refused` event speaks of."""
    return _REASONS.get(event["kind"], Reason.INTERNAL)


def _is_about_store(error: ViIkError) -> bool:
    return str(getattr(error, "field", "")).startswith(("model_store", "model directory"))
