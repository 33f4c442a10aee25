# SPDX-License-Identifier: Apache-2.0
"""Configurations from an MCAP file, as `ros2 bag record -s mcap` writes it; needs no ROS."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mcap.reader import McapReader, make_reader
from mcap_ros2.decoder import DecoderFactory

from vi_ik_ros.exceptions import InvalidInput

JOINT_STATE = "sensor_msgs/msg/JointState"


@dataclass(frozen=True)
class JointStateRecording:
    """Configurations in the order in which they were recorded.

    Attributes:
        q: (N, n) [rad or m].
        counts: messages of each topic that was read.
        num_skipped: messages without a finite position of every joint.
    """

    q: np.ndarray
    counts: dict[str, int]
    num_skipped: int

    def remarks(self) -> tuple[str, ...]:
        """Say what a user should know of the reading, a line each."""
        total = sum(self.counts.values())
        lines = []
        if len(self.counts) > 1:
            parts = ", ".join(f"{count} of {topic}" for topic, count in self.counts.items())
            lines.append(f"messages of several topics were read ({parts}); --topic chooses one")
        if self.num_skipped:
            skipped = f"{self.num_skipped} of {total} messages were skipped"
            lines.append(f"{skipped}: not every joint has a finite position in them")
        return tuple(lines)


def read_joint_states(
    path: Path, joint_names: Sequence[str], topic: str | None = None
) -> JointStateRecording:
    """Read the positions of some joints from all messages that have all of them.

    Args:
        path: an MCAP file with topics of type sensor_msgs/msg/JointState.
        joint_names: (n,) the columns that are wanted; what else was recorded is ignored.
        topic: the one to read; None: all of that type.

    Raises:
        InvalidInput: The file is damaged, has no such topic, or no message has all joints.
    """
    rows: list[list[float]] = []
    counts: dict[str, int] = {}
    seen: dict[str, None] = {}  # joint names, in the order in which they came
    for source, names, positions in _messages(path, topic):
        counts[source] = counts.get(source, 0) + 1
        seen.update(dict.fromkeys(names))
        found = dict(zip(names, positions, strict=False))  # some drivers send efforts only
        if found.keys() >= set(joint_names):
            rows.append([found[name] for name in joint_names])
    q = np.array(rows, dtype=np.float64).reshape(len(rows), len(joint_names))
    q = q[np.isfinite(q).all(axis=1)]
    if not len(q):
        raise _no_rows(path, joint_names, tuple(seen))
    return JointStateRecording(q, counts, sum(counts.values()) - len(q))


def _messages(path: Path, topic: str | None) -> Iterator[tuple[str, list[str], list[float]]]:
    """Go through the messages of a file: topic, names, positions."""
    try:
        with path.open("rb") as file:
            reader = make_reader(file, validate_crcs=True)
            topics = _topics(reader, path, topic)
            decoders = DecoderFactory()
            for schema, channel, message in reader.iter_messages(topics=topics):
                decode = decoders.decoder_for(channel.message_encoding, schema)
                if decode is None:
                    got = f"{channel.topic} in {channel.message_encoding}"
                    raise InvalidInput(str(path), got, "CDR with a ros2msg schema, as ROS 2 has")
                state = decode(message.data)
                yield channel.topic, state.name, state.position
    except InvalidInput:
        raise
    except Exception as error:  # The library raises whatever damaged bytes run it into.
        reason = f"{type(error).__name__}: {error}"
        expected = "a whole MCAP file; `mcap recover` mends one that was cut short"
        raise InvalidInput(str(path), reason, expected) from error


def _topics(reader: McapReader, path: Path, topic: str | None) -> list[str]:
    """Return the topics to read."""
    types = _types(reader)
    known = sorted(name for name, kind in types.items() if kind == JOINT_STATE)
    if not known:
        expected = f"a topic of type {JOINT_STATE}"
        raise InvalidInput(f"{path}: topics", ", ".join(sorted(types)) or "none", expected)
    if topic is not None and topic not in known:
        raise InvalidInput("--topic", topic, f"one of {', '.join(known)}")
    return known if topic is None else [topic]


def _types(reader: McapReader) -> dict[str, str]:
    """Return the type of each topic."""
    summary = reader.get_summary()
    if summary is not None and summary.channels:
        channels = summary.channels.values()
        pairs = [(summary.schemas.get(channel.schema_id), channel) for channel in channels]
    else:  # A recorder may leave the summary out: look at every message.
        messages = reader.iter_messages(log_time_order=False)
        pairs = list({channel.id: (schema, channel) for schema, channel, _ in messages}.values())
    return {channel.topic: "" if schema is None else schema.name for schema, channel in pairs}


def _no_rows(path: Path, joint_names: Sequence[str], seen: Sequence[str]) -> InvalidInput:
    """Return the error for a file in which no message has all joints."""
    missing = [name for name in joint_names if name not in seen]
    expected = f"messages with finite positions of {', '.join(missing or joint_names)}"
    expected += "" if missing else " together"
    return InvalidInput(f"{path}: joints", ", ".join(seen) or "none", expected)
