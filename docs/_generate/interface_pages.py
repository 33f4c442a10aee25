# SPDX-License-Identifier: Apache-2.0
"""Pages of the ROS interfaces, made from .msg, .srv and .action files and their comments."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

PARTS = {"msg": ("",), "srv": ("Request", "Response"), "action": ("Goal", "Result", "Feedback")}
_FIELD = re.compile(
    r"^(?P<type>[\w/<=\[\]]+)\s+(?P<name>\w+)\s*(?:=\s*(?P<value>[^#]+?))?\s*#\s?(?P<text>.*)$"
)


@dataclass(frozen=True)
class Field:
    """One field or constant of an interface: its comment says unit and frame."""

    type: str
    name: str
    value: str  # of a constant, else empty
    comment: str


def interfaces_page(kind: str, folder: Path) -> str:
    """Return the page of all interfaces of one kind as markdown.

    Args:
        kind: msg, srv or action.
        folder: where their files lie.
    """
    names = {"msg": "Messages", "srv": "Services", "action": "Actions"}
    files = sorted(folder.glob(f"*.{kind}"))
    intro = f"Made from the comments in `{kind}/`. A type is written `vi_ik_ros/{kind}/NAME`."
    return (
        "\n\n".join([f"# {names[kind]}", intro, *(_section(path, kind) for path in files)]) + "\n"
    )


def _section(path: Path, kind: str) -> str:
    """Return one interface: its header comment, then a table for each part."""
    parts = re.split(r"^---$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    blocks = [f"## {path.stem}"]
    for title, text in zip(PARTS[kind], parts, strict=True):
        blocks += [f"**{title}**"] if title else []
        blocks += _part(text.splitlines())
    return "\n\n".join(blocks)


def _part(lines: list[str]) -> list[str]:
    """Return comments between fields as paragraphs, fields between them as tables."""
    blocks: list[str] = []
    comment: list[str] = []
    fields: list[Field] = []
    for line in [*lines, ""]:
        field = _FIELD.match(line)
        if field is not None:
            blocks += _paragraph(comment)
            comment = []
            values = field.groupdict()
            fields.append(
                Field(values["type"], values["name"], values["value"] or "", values["text"])
            )
        elif line.startswith("#"):
            blocks += _table(fields)
            fields = []
            comment.append(line[1:].strip())
        elif line.strip().startswith("#") and fields:
            last = fields.pop()
            more = f"{last.comment} {line.strip()[1:].strip()}"
            fields.append(Field(last.type, last.name, last.value, more))
        elif line.strip():
            raise ValueError(f"{line!r} is no field with a comment")
        else:
            blocks += _paragraph(comment) + _table(fields)
            comment, fields = [], []
    return blocks


def _paragraph(comment: list[str]) -> list[str]:
    """Return the lines of a comment as one paragraph, or nothing."""
    kept = [line for line in comment if not line.startswith("SPDX-")]
    return [_escaped(" ".join(kept))] if kept else []


def _table(fields: list[Field]) -> list[str]:
    """Return fields as a table, or nothing."""
    if not fields:
        return []
    rows = ["| field | type | what |", "|---|---|---|"]
    for field in fields:
        name = f"{field.name} = {field.value}" if field.value else field.name
        rows.append(f"| `{name}` | `{field.type}` | {_escaped(field.comment)} |")
    return ["\n".join(rows)]


def _escaped(text: str) -> str:
    """Return a comment with the characters that markdown would take for its own made plain."""
    quoted = re.split(r"(`[^`]*`)", text)
    plain = [
        part
        if part.startswith("`")
        else re.sub(r"([\\*_\[\]$|])", r"\\\1", html.escape(part, False))
        for part in quoted
    ]
    return "".join(plain).replace("`|", "`\\|")
