# SPDX-License-Identifier: Apache-2.0
"""A curve as a CSV file: a line of names with units, then one for each point."""

import csv
import io
import math
import re
from pathlib import Path

from vi_ik_ros.exceptions import ModelRefused
from vi_ik_ros.sampling.store.atomic_directory import read_directory, read_file
from vi_ik_ros.sampling.store.curves.training_curve import CurvePoint, TrainingCurve, with_unit

CURVE_FILE = "training_curve.csv"
COLUMNS = ("update", "done", "time [s]", "processor time [s]", "components")  # before the figures
UNIT = re.compile(r" \[\w+\]$")


def read_curve(directory: Path, name: str) -> TrainingCurve | None:
    """Read the curve of a model; None if it keeps none, as one that no fit has made.

    Args:
        directory: of the model.
        name: of the model, for the error.

    Raises:
        ModelRefused: the file is damaged or cannot be read; the model itself may be well.
    """
    try:
        content = read_directory(directory, lambda handle: read_file(handle, CURVE_FILE))
    except FileNotFoundError:
        return None
    except OSError as error:
        got, expected = f"{directory}: {error.strerror}", "a file that can be read"
        raise ModelRefused(f"{name} {CURVE_FILE}", got, expected) from None
    return parse_curve(content, name)


def curve_bytes(curve: TrainingCurve) -> bytes:
    """Return the bytes of the file; a cell is empty where there is no number."""
    names = curve.names
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *map(with_unit, names)])
    for point in curve.points:
        row = [
            str(point.step),
            _cell(point.fraction, ".6g"),
            _cell(point.seconds, ".3f"),
            _cell(point.processor_seconds, ".3f"),
            str(point.num_components or ""),
        ]
        figures = (point.figures.get(name, math.nan) for name in names)
        writer.writerow([*row, *(_cell(value, ".7g") for value in figures)])
    return text.getvalue().encode()


def parse_curve(content: bytes, place: str) -> TrainingCurve:
    """Read the bytes of a file.

    Args:
        content: the file.
        place: the model's name or directory, for the error.

    Raises:
        ModelRefused: it is damaged or something else; the message names the line.
    """
    field = f"{place} {CURVE_FILE}"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise ModelRefused(field, "no text", "the curve of a fit") from None
    lines = list(csv.reader(text.splitlines()))
    if not lines or tuple(lines[0][: len(COLUMNS)]) != COLUMNS:
        raise ModelRefused(field, "another file", f"the columns {', '.join(COLUMNS)}, ...")
    if not text.endswith("\n"):
        raise ModelRefused(field, "half a line at the end", "an undamaged curve")
    names = [UNIT.sub("", word) for word in lines[0][len(COLUMNS) :]]
    points: list[CurvePoint] = []
    for number, cells in enumerate(lines[1:], start=2):
        point = _point(cells, names)
        if point is None or (points and point.step <= points[-1].step):
            expected = f"{len(lines[0])} numbers, of later updates from line to line"
            raise ModelRefused(f"{field}:{number}", ",".join(cells), expected)
        points.append(point)
    return TrainingCurve(tuple(points))


def _point(cells: list[str], names: list[str]) -> CurvePoint | None:
    """Return the point in a line; None if it is damaged."""
    if len(cells) != len(COLUMNS) + len(names):
        return None
    first = len(COLUMNS)
    try:
        step, used = int(cells[0]), int(cells[4] or 0)
        fraction, seconds, processor, *values = (
            float(cell) if cell else math.nan for cell in (*cells[1:4], *cells[first:])
        )
    except ValueError:
        return None
    pairs = zip(names, values, strict=True)
    figures = {name: value for name, value in pairs if not math.isnan(value)}
    return CurvePoint(step, fraction, seconds, processor, used, figures)


def _cell(value: float, form: str) -> str:
    """Return what is written for a number."""
    return "" if math.isnan(value) else format(value, form)
