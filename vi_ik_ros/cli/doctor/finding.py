# SPDX-License-Identifier: Apache-2.0
"""One thing that was looked at."""

from dataclasses import dataclass
from enum import StrEnum

from vi_ik_ros.exceptions import ViIkError


class State(StrEnum):
    """How it was found; the words are shown, so that no colour is needed to tell them apart."""

    OK = "ok"
    MISSING = "missing"  # something optional is not there
    WARNING = "warning"  # something optional does not work
    FAILED = "FAILED"  # something required is not there, or does not work


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        section: what it belongs to, such as `packages`.
        name: of the thing.
        state: how it was found.
        detail: version, place or reason, in one line.
        remedy: what the lack costs, and the command that ends it; '' if nothing is to be done.
    """

    section: str
    name: str
    state: State
    detail: str
    remedy: str = ""


def reason(error: BaseException) -> str:
    """Return an error in one line, its kind first."""
    words, kind = " ".join(str(error).split()), type(error).__name__
    if isinstance(error, ViIkError):
        kind = ""  # one of ours is whole without
    line = ": ".join(filter(None, (kind, words)))
    return line if len(line) <= 200 else f"{line[:197]}..."
