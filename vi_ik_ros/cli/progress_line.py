# SPDX-License-Identifier: Apache-2.0
"""The progress line of a training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import say

if TYPE_CHECKING:
    from rich.progress import Progress


class ProgressLine:
    """One line that changes; where there is no terminal, a line for each tenth."""

    def __init__(self, progress: "Progress", words: str) -> None:
        """Show the line; `progress_line` makes one.

        Args:
            progress: what draws it.
            words: what it says first.
        """
        self._progress = progress
        self._task = progress.add_task(words, total=1.0)
        self._tenths = 0

    def update(self, fraction: float, words: str, seconds_left: float | None = None) -> None:
        """Show how far it is.

        Args:
            fraction: 0 to 1.
            words: what is going on.
            seconds_left: [s], where it is known.
        """
        self._progress.update(self._task, completed=fraction, description=words)
        if not self._progress.console.is_terminal and fraction * 10 >= self._tenths + 1:
            self._tenths = int(fraction * 10)
            left = "" if seconds_left is None else f", {seconds_left:.0f} s left"
            say(f"{self._tenths * 10} %: {words}{left}")


@contextmanager
def progress_line(words: str) -> Iterator[ProgressLine]:
    """Show a progress line on standard error inside a `with` statement."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    quiet = not console.is_terminal  # where an empty bar would leave an empty line
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        yield ProgressLine(progress, words)
