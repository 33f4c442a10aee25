# SPDX-License-Identifier: Apache-2.0
"""Where a training job stands, as plain data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class JobState(IntEnum):
    """States of a job; those from DONE on are final."""

    IDLE = 0
    QUEUED = 1
    CHECKING = 2
    TRAINING = 3
    STORING = 4
    DONE = 5
    KEPT = 6
    CANCELLED = 7
    SUPERSEDED = 8
    REFUSED = 9
    FAILED = 10

    @property
    def is_final(self) -> bool:
        """Tell whether nothing follows."""
        return self >= JobState.DONE


class Reason(IntEnum):
    """Whose fault a refusal is."""

    NONE = 0
    OBJECTIVES = 1
    SETTINGS = 2
    STORE = 3
    INTERNAL = 99


@dataclass(frozen=True)
class JobStatus:
    """One look at a job.

    Attributes:
        model: name of the model; empty while nothing has come.
        stamp: of the objective set [ns].
        state: what is going on.
        reason: why it was refused or failed.
        message: one line for a user, or empty.
        warnings: a line for each objective that cannot be met.
        family, device: what is fitted, and on what; empty until it is known.
        progress: 0 to 1.
        step: updates done.
        elapsed, seconds_left: [s]; NaN where it is not known.
        num_components: active components; 0 where it is not known.
        figures: what the algorithm watches, by name, among them `ELBO` [nat] where it is known.
        score, stored_score: held-out ELBO of the new model and of the stored one [nat], or NaN.
        digest: of the model that the store holds after the job; empty if there is none.
    """

    model: str = ""
    stamp: int = 0
    state: JobState = JobState.IDLE
    reason: Reason = Reason.NONE
    message: str = ""
    warnings: tuple[str, ...] = ()
    family: str = ""
    device: str = ""
    progress: float = 0.0
    step: int = 0
    elapsed: float = 0.0
    seconds_left: float = math.nan
    num_components: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    score: float = math.nan
    stored_score: float = math.nan
    digest: str = ""
