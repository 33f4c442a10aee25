# SPDX-License-Identifier: Apache-2.0
"""What came of a run, as arrays in one file."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

from vi_ik_ros.benchmarks.fit_cache import cache_directory

REQUIRED = (0.8, 0.5, 0.9)  # probabilities of success that recommendations have to have
NUM_REPEATS = 10  # episodes of every last recommendation
NUM_VALID = 8  # of them that have to succeed


@dataclass(frozen=True)
class Learned:
    """What came of a run of n episodes with k marks; nothing is left out after an exception.

    Attributes:
        x: (n, n_xi) what was tried, in the unit cube.
        success: (n,) bool.
        last_primitive: (n,) that failed; n_V on success.
        costs: (n,) of the episodes, NaN unless success.
        probabilities: (n,) of success, as the optimiser saw them; NaN if it had no idea.
        seconds: (n + 1,) of processor time to take an outcome and choose the next point [s].
        marks: (k,) numbers of episodes after which recommendations were scored.
        chosen: (k, r, n_xi) recommendations for the r required probabilities.
        told: (k, r) probabilities of success of these, as the optimiser saw them.
        true_costs: (k, r) without noise; NaN where no truth is known.
        feasible: (k, r) without noise, 0 or 1; NaN where no truth is known.
        passed: (k, r) how many of 10 repetitions succeed; NaN where no truth is known, since such
            repetitions take long.
        repeated: (r, 10) success of the last recommendations, carried out again, bool.
        repeated_costs: (r, 10) of those episodes, NaN unless success.
        error: '' or the numerical exception that ended the run.
    """

    x: np.ndarray
    success: np.ndarray
    last_primitive: np.ndarray
    costs: np.ndarray
    probabilities: np.ndarray
    seconds: np.ndarray
    marks: np.ndarray
    chosen: np.ndarray
    told: np.ndarray
    true_costs: np.ndarray
    feasible: np.ndarray
    passed: np.ndarray
    repeated: np.ndarray
    repeated_costs: np.ndarray
    error: np.ndarray

    @property
    def first_success(self) -> int:
        """Return the number of the first success, counted from 1; n + 1 if there is none."""
        found = np.flatnonzero(self.success)
        return int(found[0]) + 1 if len(found) else len(self.success) + 1

    @property
    def is_valid(self) -> np.ndarray:
        """Return (r,) whether the last recommendations succeed when carried out again."""
        return self.repeated.sum(1) >= NUM_VALID

    @property
    def brier(self) -> float:
        """Return the mean squared error of the probabilities told, NaN if none were."""
        told = ~np.isnan(self.probabilities)
        if not told.any():
            return float("nan")
        return float(np.mean((self.probabilities[told] - self.success[told]) ** 2))

    def write(self, path: Path) -> None:
        """Write whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(fresh, allow_pickle=False, **asdict(self))
        os.replace(fresh, path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what was written."""
        with np.load(path, allow_pickle=False) as kept:
            return cls(**{name: kept[name] for name in kept.files})


def runs_directory() -> Path:
    """Return where runs are kept: `$XDG_CACHE_HOME/vi_ik_ros/skill_learning`."""
    return cache_directory().parent / "skill_learning"
