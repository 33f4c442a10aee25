# SPDX-License-Identifier: Apache-2.0
"""An MCAP file of ROS 2 messages that grows while it is written."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from mcap.writer import Writer

PROFILE, SERIALIZATION, SCHEMA = "ros2", "cdr", "ros2msg"


class RecordingFile:
    """Writes serialised messages with the definitions of their types; use it in a `with` statement.

    A process that is killed leaves all that came before the last `flush`, in a file without an
    index: readers that go through it from its start find every message.

    Attributes:
        counts: messages of each topic.
    """

    def __init__(self, path: Path, definition: Callable[[str], str]) -> None:
        """Keep the parts; entering makes the file.

        Args:
            path: of the file, which must not be there yet.
            definition: returns the definition of a type `package/msg/Type`, all parts included.
        """
        self._path, self._definition = path, definition
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        """Make the file.

        Raises:
            FileExistsError: It is there already.
        """
        self._file = self._path.open("xb")
        self._writer = Writer(self._file)
        self._writer.start(profile=PROFILE)
        return self

    def write(self, topic: str, kind: str, data: bytes, *, received: int, published: int) -> None:
        """Add a message; times in [ns]."""
        if topic not in self._channels:
            self._channels[topic] = self._writer.register_channel(
                topic, SERIALIZATION, self._schema(kind)
            )
        self._writer.add_message(
            self._channels[topic],
            log_time=received,
            publish_time=published,
            sequence=self.counts[topic],
            data=data,
        )
        self.counts[topic] += 1

    def flush(self) -> None:
        """Hand what has come to the operating system."""
        self._writer.flush()

    def _schema(self, kind: str) -> int:
        """Return the number of a type, written once."""
        if kind not in self._schemas:
            text = self._definition(kind).encode()
            self._schemas[kind] = self._writer.register_schema(kind, SCHEMA, text)
        return self._schemas[kind]

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the index, so that the file is whole, and close it."""
        try:
            self._writer.finish()
        finally:
            self._file.close()
