# SPDX-License-Identifier: Apache-2.0
"""How often what an optimiser promises comes true."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vi_ik_ros.benchmarks.report import Row, mean_row
from vi_ik_ros.benchmarks.skill_learning.runs.learned import REQUIRED, Learned

EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of the groups of probabilities
TOLD = "told on average"


def calibration_rows(case: str, runs: Sequence[Learned]) -> list[Row]:
    """Return success in groups of told probabilities, and of recommendations carried out again.

    Args:
        case: of the rows.
        runs: of one method on one task.
    """
    told = np.concatenate([run.probabilities for run in runs])
    success = np.concatenate([run.success for run in runs]).astype(float)
    known = ~np.isnan(told)
    if not known.any():
        return []
    rows = _groups(case, told[known], success[known])
    for choice, required in enumerate(REQUIRED):
        chosen = 100.0 * np.array([run.told[-1, choice] for run in runs])
        kept = 100.0 * np.array([run.repeated[choice].mean() for run in runs])
        row = mean_row(case, f"recommended with p {required:g}: succeeded [%]", kept)
        rows.append(_beside(row, chosen))
    return rows


def _groups(case: str, told: np.ndarray, success: np.ndarray) -> list[Row]:
    """Return the share of successes in each group that is not empty."""
    group = np.clip(np.digitize(told, EDGES) - 1, 0, len(EDGES) - 2)
    rows = []
    for k, (low, high) in enumerate(zip(EDGES[:-1], EDGES[1:], strict=True)):
        inside = group == k
        if not inside.any():
            continue
        words = f"told {100 * low:.0f} to {100 * high:.0f} %, {inside.sum()} episodes"
        row = mean_row(case, f"{words}: succeeded [%]", 100.0 * success[inside])
        rows.append(_beside(row, 100.0 * told[inside]))
    return rows


def _beside(row: Row, told: np.ndarray) -> Row:
    """Return a row with what was told on average as its reference."""
    if np.isnan(told).all():
        return row
    return replace(row, reference=float(np.nanmean(told)), reference_source=TOLD)
