# SPDX-License-Identifier: Apache-2.0
"""What the page needs of a trainer."""

import math
from collections.abc import Sequence
from typing import Protocol

from vi_ik_ros.sampling.training.jobs.job_status import JobStatus


class TrainingFeed(Protocol):
    """Tells what a trainer does; one thread at a time."""

    @property
    def title(self) -> str:
        """Whose trainings these are, in a few words."""

    def listen(self, seconds: float) -> Sequence[JobStatus]:
        """Return what was told since the last call, after at most `seconds`."""


def elbo_of(status: JobStatus) -> float:
    """Return the latest ELBO [nat]; NaN as long as it is not known."""
    return float(status.figures.get("ELBO", math.nan))
