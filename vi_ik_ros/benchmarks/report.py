# SPDX-License-Identifier: Apache-2.0
"""What a benchmark found: rows of figures, as one JSON object or as a table."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from rich.markup import escape
from rich.table import Table

PACKAGES = ("numpy", "scipy", "torch", "numba", "pin", "mujoco")


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        case: Ours, a variant of it, or the name of a competitor.
        metric: What was measured, with the unit in brackets.
        value: The figure.
        stderr: Its standard error, or None.
        reference: What it is compared with, or None.
        reference_source: Where that comes from.
    """

    case: str
    metric: str
    value: float
    stderr: float | None = None
    reference: float | None = None
    reference_source: str | None = None


@dataclass(frozen=True)
class Report:
    """All figures of one benchmark.

    Attributes:
        bench: Its name.
        rows: The figures.
        seeds: The random seeds it ran with.
        seconds: How long it took [s].
        command: What brings the same figures again, where that is to be told.
    """

    bench: str
    rows: Sequence[Row]
    seeds: Sequence[int]
    seconds: float
    command: str = ""

    def json(self) -> dict[str, object]:
        """Return the object that `vi-ik bench NAME --json` prints."""
        told = {"command": self.command} if self.command else {}
        return told | {
            "bench": self.bench,
            "rows": [asdict(row) for row in self.rows],
            "seeds": list(self.seeds),
            "seconds": self.seconds,
            "versions": versions(),
        }

    def table(self) -> Table:
        """Return the same as a table for people."""
        title, told = f"{self.bench}, {self.seconds:.0f} s", escape(self.command) or None
        table = Table(title=title, title_justify="left", caption=told, caption_justify="left")
        for name in ("case", "metric"):
            table.add_column(name)
        for name in ("value", "std. error", "reference"):
            table.add_column(name, justify="right")
        table.add_column("of")
        last = None
        for row in self.rows:
            numbers = [_number(x) for x in (row.value, row.stderr, row.reference)]
            case = "" if row.case == last else row.case
            texts = [case, row.metric, *numbers, row.reference_source or ""]
            table.add_row(*(escape(text) for text in texts))
            last = row.case
        return table


def mean_row(case: str, metric: str, values: np.ndarray) -> Row:
    """Return the mean of independent values, with its standard error."""
    values = np.asarray(values, dtype=np.float64)
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else None
    return Row(case, metric, float(values.mean()), error and float(error))


def bootstrap_row(
    case: str,
    metric: str,
    groups: Sequence[np.ndarray] | np.ndarray,
    statistic: Callable[[np.ndarray], float],
    *,
    rng: np.random.Generator,
    repeats: int = 100,
) -> Row:
    """Return a statistic of all values; its standard error comes from resampling whole groups."""
    value = float(statistic(np.concatenate(groups)))
    again = []
    for _ in range(repeats):
        picked = rng.integers(len(groups), size=len(groups))
        again.append(statistic(np.concatenate([groups[i] for i in picked])))
    return Row(case, metric, value, float(np.std(again, ddof=1)))


def versions() -> dict[str, str]:
    """Return the versions of the packages that decide the figures."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
