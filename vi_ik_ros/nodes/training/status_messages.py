# SPDX-License-Identifier: Apache-2.0
"""Where a training stands, as messages."""

import math
from collections.abc import Sequence

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from vi_ik_ros.msg import TrainingStatus
from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus, Reason

NANOSECONDS = 1_000_000_000  # in a second


def stamp_from_msg(time: Time) -> int:
    """Return a time in nanoseconds."""
    return time.sec * NANOSECONDS + time.nanosec


def stamp_to_msg(nanoseconds: int) -> Time:
    """Return the message of a time in nanoseconds."""
    seconds, rest = divmod(nanoseconds, NANOSECONDS)
    return Time(sec=seconds, nanosec=rest)


def status_to_msg(status: JobStatus, stamp: Time, queued: Sequence[str]) -> TrainingStatus:
    """Return the message of a status.

    Args:
        status: where a job stands.
        stamp: now.
        queued: names of the models that wait.
    """
    figures = dict(status.figures)
    return TrainingStatus(
        stamp=stamp,
        set_stamp=stamp_to_msg(status.stamp),
        model=status.model,
        state=int(status.state),
        error_code=int(status.reason),
        message=status.message,
        warnings=list(status.warnings),
        queued=list(queued),
        family=status.family,
        device=status.device,
        progress=float(status.progress),
        step=status.step,
        elapsed=float(status.elapsed),
        seconds_left=float(status.seconds_left),
        elbo=float(figures.get("ELBO", math.nan)),
        num_components=status.num_components,
        figure_names=list(figures),
        figure_values=[float(value) for value in figures.values()],
        score=float(status.score),
        stored_score=float(status.stored_score),
        digest=status.digest,
    )


def status_from_msg(message: TrainingStatus) -> JobStatus:
    """Return the status in a message."""
    return JobStatus(
        model=message.model,
        stamp=stamp_from_msg(message.set_stamp),
        state=JobState(message.state),
        reason=Reason(message.error_code),
        message=message.message,
        warnings=tuple(message.warnings),
        family=message.family,
        device=message.device,
        progress=message.progress,
        step=message.step,
        elapsed=message.elapsed,
        seconds_left=message.seconds_left,
        num_components=message.num_components,
        figures=dict(zip(message.figure_names, message.figure_values, strict=True)),
        score=message.score,
        stored_score=message.stored_score,
        digest=message.digest,
    )


def diagnostics_to_msg(
    status: JobStatus, stamp: Time, queued: Sequence[str], name: str
) -> DiagnosticArray:
    """Return the diagnostics of a trainer.

    Args:
        status: of the job that is being trained, or was dealt with last.
        stamp: now.
        queued: names of the models that wait.
        name: full name of the node.
    """
    bad = (JobState.FAILED, JobState.REFUSED)
    level = DiagnosticStatus.WARN if status.state in bad else DiagnosticStatus.OK
    words = f"{status.state.name.lower()} {status.model}".strip()
    facts = {
        "model": status.model,
        "state": status.state.name,
        "message": status.message,
        "progress": f"{status.progress:.3f}",
        "step": str(status.step),
        "seconds left": f"{status.seconds_left:.0f}",
        "queued": ", ".join(queued),
        **{name: f"{value:.6g}" for name, value in status.figures.items()},
    }
    one = DiagnosticStatus(level=level, name=f"{name}: training", message=words)
    one.hardware_id = status.device
    one.values = [KeyValue(key=key, value=value) for key, value in facts.items()]
    return DiagnosticArray(header=Header(stamp=stamp), status=[one])
