# SPDX-License-Identifier: Apache-2.0
"""Events of a service from an MCAP file, ours or one of `ros2 bag record`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mcap.reader import NonSeekingReader
from mcap.records import Schema

from vi_ik_ros.exceptions import InvalidInput


@dataclass(frozen=True)
class ServiceEvents:
    """What was read.

    Attributes:
        events: topic and serialised event of each, in the order of the file.
        trouble: why nothing was read behind them, in one line; '' if the file is whole. A recorder
            that was killed leaves such a file.
    """

    events: list[tuple[str, bytes]]
    trouble: str


def read_service_events(path: Path, kind: str, texts: Mapping[str, str]) -> ServiceEvents:
    """Read all events of one type.

    Args:
        path: an MCAP file; one that was cut short is read as far as it goes.
        kind: the type, `package/srv/Type_Event`.
        texts: definitions of its parts by their names, which those of the file must equal.

    Raises:
        InvalidInput: The file is no MCAP, has no such events, or another definition of them.
    """
    events, kinds, trouble = [], set(), ""
    checked: set[int] = set()
    with path.open("rb") as file:
        try:
            reader = NonSeekingReader(file, validate_crcs=True)
            for schema, channel, message in reader.iter_messages(log_time_order=False):
                kinds.add(schema.name if schema else "")
                if schema is None or schema.name != kind:
                    continue
                if schema.id not in checked:
                    _check(path, schema, texts)
                    checked.add(schema.id)
                events.append((channel.topic, message.data))
        except InvalidInput:
            raise
        except Exception as error:  # The library raises whatever damaged bytes run it into.
            trouble = f"{type(error).__name__}: {error}"
    if not events:
        got = trouble or ", ".join(sorted(kinds)) or "no message"
        expected = "an MCAP file with " if trouble else ""
        raise InvalidInput(str(path), got, f"{expected}messages of type {kind}: calls of a sampler")
    return ServiceEvents(events, trouble)


def _check(path: Path, schema: Schema, texts: Mapping[str, str]) -> None:
    """Refuse events that were recorded with other fields: their bytes would be misread."""
    recorded = _fields(schema.data.decode(errors="replace"))
    for name, text in texts.items():
        if _fields(text) not in recorded:
            expected = "the same fields as in this installation"
            raise InvalidInput(f"{path}: type {name}", "another definition", expected)


def _fields(text: str) -> str:
    """Return a definition without comments, empty lines and double blanks."""
    lines = (" ".join(line.partition("#")[0].split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
