# SPDX-License-Identifier: Apache-2.0
"""One line that says how far something is; standard output is never touched."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import say
from vi_ik_ros.cli.progress.time_left import TimeLeft, duration

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

SILENCE = 60.0  # [s] at most between two lines where there is no terminal


class ProgressLine:
    """A bar with the time left; where there is no terminal, now and then a line."""

    def __init__(
        self, words: str, bar: "Progress | None", clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Show the line; `progress_line` makes one.

        Args:
            words: what it says first.
            bar: what draws it; None: there is no terminal.
            clock: returns a time [s].
        """
        self._bar, self._clock = bar, clock
        self.time_left = TimeLeft(clock)
        self._task = None if bar is None else bar.add_task(words, total=None, line=self)
        self._tenths, self._said_at = 0, clock()

    def update(self, fraction: float | None, words: str, seconds_left: float | None = None) -> None:
        """Show how far it is; without a terminal, if it is a tenth further or was long silent.

        Args:
            fraction: share that is done, 0 to 1; None: not known.
            words: what is going on.
            seconds_left: [s]; None: it follows from the share and the time so far.
        """
        self.time_left.update(fraction, seconds_left)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=words)
            return
        tenths = self._tenths if fraction is None else int(fraction * 10.0 + 1e-9)
        if tenths > self._tenths or self._clock() - self._said_at >= SILENCE:
            share = "" if fraction is None else f"{int(fraction * 100.0 + 1e-9)} %: "
            self._say(share + words)
        self._tenths = tenths

    def tell(self, words: str) -> None:
        """Print a line that stays, above the bar; without a terminal, with the time left."""
        if self._bar is None:
            self._say(words)
        else:
            say(words)

    def _say(self, words: str) -> None:
        left = self.time_left.seconds
        say(words if left is None else f"{words}, {duration(left)} left")
        self._said_at = self._clock()


@contextmanager
def progress_line(words: str) -> Iterator[ProgressLine]:
    """Show a progress line on standard error inside a `with` statement."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield ProgressLine(words, None)
        return
    from rich.progress import Progress, TextColumn

    description = TextColumn("{task.description}", markup=False)
    columns = (description, *_columns())
    with Progress(*columns, console=console, transient=True) as bar:
        yield ProgressLine(words, bar)


def _columns() -> "tuple[ProgressColumn, ...]":
    """Return the columns right of the words: the bar, and the time."""
    from rich.progress import ProgressColumn, Task
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    class Bar(ProgressColumn):
        """A bar that is as long as the share, or that moves where none is known."""

        def render(self, task: Task) -> ProgressBar:
            """See `ProgressColumn.render`."""
            fraction = task.fields["line"].time_left.fraction
            if fraction is None:
                return ProgressBar(total=None, width=24, pulse=True, animation_time=task.elapsed)
            return ProgressBar(total=1.0, completed=min(fraction, 1.0), width=24)

    class Clock(ProgressColumn):
        """The time left, or the time so far."""

        def render(self, task: Task) -> Text:
            """See `ProgressColumn.render`."""
            left = task.fields["line"].time_left
            known = left.seconds
            words = f"{duration(left.elapsed)} so far" if known is None else duration(known)
            return Text(words if known is None else f"{words} left", no_wrap=True)

    return Bar(), Clock()
