# SPDX-License-Identifier: Apache-2.0
"""Episodes as a table for spreadsheets: a line each, no number where there is none."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode


def write_csv(path: Path, entries: Sequence[StoredEpisode]) -> None:
    """Write a line for each episode, under a line of names.

    Args:
        path: of the file; one that is there is replaced.
        entries: of one skill.
    """
    rows = [_row(entry) for entry in entries]
    names = list(rows[0]) if rows else ["number"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in row.items()})


def _row(entry: StoredEpisode) -> dict[str, object]:
    """Return the cells of an episode by the names of their columns."""
    episode, suggestion = entry.episode, entry.suggestion
    row: dict[str, object] = {
        "number": entry.number,
        "valid": int(entry.is_valid),
        "reason": suggestion.reason,
        "probability": suggestion.probability,
        "seed": episode.seed,
    }
    for name, value in episode.parameters.items():
        row[f"parameter.{name}"] = value
    row |= {
        "success": int(episode.success),
        "failed_primitive": episode.failed_primitive,
        "cost": episode.cost,
        "invalid_reason": episode.invalid_reason,
        "duration [s]": episode.duration,
        "peak_force [N]": episode.peak_force,
    }
    for primitive in episode.primitives:
        row[f"primitive.{primitive.name}.outcome"] = str(primitive.outcome)
        row[f"primitive.{primitive.name}.error"] = primitive.error
        row[f"primitive.{primitive.name}.score"] = primitive.score
    for factor in episode.factors:
        row[f"factor.{factor.name}.ok"] = None if factor.ok is None else int(factor.ok)
        row[f"factor.{factor.name}.constraint"] = factor.constraint
    row |= {
        "suggest_seconds [s]": entry.suggest_seconds,
        "episode_seconds [s]": entry.episode_seconds,
        "ended [s]": entry.ended,
        "digest": episode.digest(),
    }
    return row


def _cell(value: object) -> object:
    """Return what is written for a value; numbers come back bit by bit."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(float(value)) if isinstance(value, float) else value
