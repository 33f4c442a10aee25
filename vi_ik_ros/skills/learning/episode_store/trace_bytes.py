# SPDX-License-Identifier: Apache-2.0
"""Courses of episodes as compressed bytes: the .npz format, which numpy reads by itself."""

import io
import zipfile
import zlib
from dataclasses import fields

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.trace import Trace

FIELD = "trace"
NAMES = tuple(one.name for one in fields(Trace))
# Whatever numpy and zipfile run into; the last one is of damaged headers.
UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
)


def trace_to_bytes(trace: Trace) -> bytes:
    """Return all columns of a course, bit by bit."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: getattr(trace, name) for name in NAMES})
    return buffer.getvalue()


def trace_from_bytes(data: bytes) -> Trace:
    """Return the course that bytes hold.

    Raises:
        InvalidInput: they hold none.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return Trace(**{name: file[name] for name in NAMES})
    except UNREADABLE as error:
        raise InvalidInput(FIELD, f"{error}", "a whole .npz of a course") from error
