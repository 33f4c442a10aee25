# SPDX-License-Identifier: Apache-2.0
"""What `vi-ik` prints: one JSON object or a table on standard output, progress on the other."""

import json
import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

TABLE_WIDTH = 140  # columns, where there is no terminal to ask


def say(line: str) -> None:
    """Print one line of progress or a remark on standard error."""
    from rich.console import Console  # a tenth of a second, which --help must not wait for

    Console(stderr=True, soft_wrap=True).print(line, markup=False, highlight=False)


def emit(as_json: bool, data: Mapping, table: "Table | str") -> None:
    """Print the answer of a command: its data as one JSON object, or its table."""
    if as_json:
        sys.stdout.write(json.dumps(plain(data)) + "\n")
        return
    from rich.console import Console

    console = Console() if sys.stdout.isatty() else Console(width=TABLE_WIDTH)
    is_text = isinstance(table, str)  # whose lines, such as paths, stay whole
    console.print(table, markup=not is_text, highlight=False, soft_wrap=is_text)


def plain(value: object) -> object:
    """Turn arrays and numpy numbers into what JSON knows; NaN and infinity become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def short(joint_name: str) -> str:
    """Return the last part of a joint name, which tells it from its neighbours."""
    return joint_name.rsplit("_", 1)[-1]
