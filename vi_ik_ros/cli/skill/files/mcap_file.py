# SPDX-License-Identifier: Apache-2.0
"""Episodes as a recording of ROS messages, as `ros2 bag record -s mcap` writes it; needs no ROS."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from mcap_ros2.writer import Writer

from vi_ik_ros.cli.skill.files.definitions import EPISODE, POINT, WRENCH, definition
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.trace import Trace
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode

PAUSE = 1.0  # [s] between episodes, at least
NANO = 1_000_000_000
BASE_FRAME, SENSOR_FRAME, TASK_FRAME = "base_link", "ft_sensor", "task"
TOPICS = {
    "episode": "/skill/episode",
    "raw_wrench": "/wrench",  # of the environment on the tool
    "wrench": "/skill/wrench",  # of the tool on the environment
    "position": "/skill/position",
}

Message = tuple[int, str, Mapping[str, object]]  # time [ns], key of TOPICS, content


def write_mcap(
    path: Path, entries: Sequence[StoredEpisode], trace_of: Callable[[int], Trace | None]
) -> None:
    """Write all episodes, one after another on the time axis.

    An episode begins where it did on the wall's clock, or after the one before: simulated ones last
    longer than they take.

    Args:
        path: of the file; one that is there is replaced.
        entries: in the order of their execution.
        trace_of: returns the course of an episode by its number, None if none was kept.
    """
    with path.open("wb") as file, Writer(file) as writer:
        schemas = {
            "episode": writer.register_msgdef(EPISODE, definition(EPISODE)),
            "raw_wrench": (wrench := writer.register_msgdef(WRENCH, definition(WRENCH))),
            "wrench": wrench,
            "position": writer.register_msgdef(POINT, definition(POINT)),
        }
        free = 0
        for entry in entries:
            begin = max(free, round((entry.ended - entry.episode_seconds) * NANO))
            messages = _messages(entry, trace_of(entry.number), begin)
            for stamp, key, message in sorted(messages, key=lambda one: one[0]):
                writer.write_message(
                    TOPICS[key], schemas[key], message, log_time=stamp, publish_time=stamp
                )
                free = stamp + round(PAUSE * NANO)


def _messages(entry: StoredEpisode, trace: Trace | None, begin: int) -> list[Message]:
    """Return all messages of an episode; its record comes last.

    Args:
        entry: the episode.
        trace: its course.
        begin: of its clock [ns].
    """
    messages: list[Message] = []
    end = begin + round(entry.episode.duration * NANO)
    if trace is not None and len(trace.times):
        zero = float(trace.times[0])
        for time, wrench in zip(trace.raw_times.tolist(), trace.raw_wrenches, strict=True):
            stamp = begin + round((time - zero) * NANO)
            messages.append((stamp, "raw_wrench", _wrench(stamp, SENSOR_FRAME, wrench)))
        columns = zip(trace.times.tolist(), trace.wrenches, trace.positions, strict=True)
        for time, wrench, position in columns:
            stamp = begin + round((time - zero) * NANO)
            messages.append((stamp, "wrench", _wrench(stamp, TASK_FRAME, wrench)))
            point = dict(zip("xyz", position.tolist(), strict=True))
            messages.append(
                (stamp, "position", {"header": _header(stamp, BASE_FRAME), "point": point})
            )
        end = max(stamp for stamp, _, _ in messages)
    messages.append((end, "episode", _record(entry.episode, end)))
    return messages


def _wrench(stamp: int, frame: str, wrench: np.ndarray) -> dict[str, object]:
    """Return a WrenchStamped of force and torque (6,)."""
    force, torque = (dict(zip("xyz", part.tolist(), strict=True)) for part in np.split(wrench, 2))
    return {"header": _header(stamp, frame), "wrench": {"force": force, "torque": torque}}


def _header(stamp: int, frame: str) -> dict[str, object]:
    """Return a Header; `stamp` in [ns]."""
    seconds, rest = divmod(stamp, NANO)
    return {"stamp": {"sec": seconds, "nanosec": rest}, "frame_id": frame}


def _record(episode: Episode, stamp: int) -> dict[str, object]:
    """Return the message of a record."""
    factors = [
        {
            "name": factor.name,
            "evaluated": factor.evaluated,
            "ok": bool(factor.ok),
            "constraint": float(factor.constraint),
            "metric_names": list(factor.metrics),
            "metrics": [float(value) for value in factor.metrics.values()],
        }
        for factor in episode.factors
    ]
    primitives = [{**asdict(one), "outcome": str(one.outcome)} for one in episode.primitives]
    return {
        **asdict(episode),
        "header": _header(stamp, ""),
        "parameter_names": list(episode.parameters),
        "parameters": [float(value) for value in episode.parameters.values()],
        "primitives": primitives,
        "factors": factors,
        "digest": episode.digest(),
    }
