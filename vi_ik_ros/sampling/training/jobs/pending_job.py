# SPDX-License-Identifier: Apache-2.0
"""A training that was asked for: what to train, and when that was."""

import json
from dataclasses import dataclass
from typing import Self

from vi_ik_ros.sampling.store.trainer.job_queue import QueuedJob
from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus
from vi_ik_ros.sampling.training.jobs.training_job import TrainingJob


@dataclass(frozen=True)
class PendingJob:
    """A job with the stamp of its objective set [ns]."""

    job: TrainingJob
    stamp: int

    @classmethod
    def from_queue(cls, queued: QueuedJob) -> Self:
        """Read what the queue keeps."""
        words = json.loads(queued.job_json)
        return cls(TrainingJob.from_json(words["job"]), words["stamp"])

    def to_json(self) -> str:
        """Return what the queue keeps."""
        return json.dumps({"stamp": self.stamp, "job": self.job.to_json()})

    def status(self, state: JobState) -> JobStatus:
        """Return the status of the job before anything else is known of it."""
        job = self.job
        return JobStatus(model=job.model, stamp=self.stamp, state=state, family=job.family)

    def is_about(self, status: JobStatus) -> bool:
        """Tell whether a status is of this job."""
        return (self.job.model, self.stamp) == (status.model, status.stamp)
