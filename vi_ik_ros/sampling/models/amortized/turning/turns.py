# SPDX-License-Identifier: Apache-2.0
"""Joints that can turn all the way round: one turn to learn, all turns to answer with."""

import math
from dataclasses import dataclass

import numpy as np

TURN = 2.0 * math.pi  # [rad]
ROUNDING = 1e-9  # [turns]


@dataclass(frozen=True)
class Turns:
    """Which joints are read modulo a turn, and which turns lie inside their limits.

    Nothing in the world changes with a full turn of a joint. So the density of such a joint is one
    over a turn about the middle of its limits, and a configuration is any of the equally likely
    turns of it that the limits allow: two each for limits of -2 pi and 2 pi.

    Attributes:
        lower, upper: (D,) joint limits [rad or m]; a turn apart for a continuous joint.
        joints: indices of the joints that turn; their limits are a turn or more apart.
    """

    lower: np.ndarray
    upper: np.ndarray
    joints: tuple[int, ...] = ()

    @property
    def index(self) -> list[int]:
        """The joints that turn, to pick columns with."""
        return list(self.joints)

    def window(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the limits (D,), those of joints that turn one turn apart."""
        lower, upper, index = self.lower.copy(), self.upper.copy(), self.index
        middle = 0.5 * (self.lower + self.upper)[index]
        lower[index], upper[index] = middle - 0.5 * TURN, middle + 0.5 * TURN
        return lower, upper

    def charted(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the limits (D,) that a chart keeps to, infinite where a joint turns."""
        lower, upper, index = self.lower.copy(), self.upper.copy(), self.index
        lower[index], upper[index] = -np.inf, np.inf
        return lower, upper

    def folded(self, x: np.ndarray) -> np.ndarray:
        """Return x (..., D) with joints that turn inside the window."""
        if not self.joints:
            return x
        x, index = np.array(x, np.float64), self.index
        start = self.window()[0][index]
        x[..., index] = (x[..., index] - start) % TURN + start
        return x

    def spread(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return x (..., D) with each joint at one of its turns inside the limits, at random."""
        if not self.joints:
            return x
        x = self.folded(x)
        first, count = self._allowed(x)
        x[..., self.index] += TURN * (first + np.floor(rng.random(count.shape) * count))
        return x

    def log_count(self, x: np.ndarray) -> np.ndarray:
        """Return the logarithm (...) of how many configurations are x (..., D) but for turns."""
        if not self.joints:
            return np.zeros(x.shape[:-1])
        return np.log(self._allowed(x)[1]).sum(-1)

    def _allowed(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first turn that may be added to each joint (..., t), and how many may be."""
        index = self.index
        first = np.ceil((self.lower[index] - x[..., index]) / TURN - ROUNDING)
        last = np.floor((self.upper[index] - x[..., index]) / TURN + ROUNDING)
        # A continuous joint has one turn, though both its ends are the same angle.
        most = np.maximum(1.0, np.ceil((self.upper - self.lower)[index] / TURN - ROUNDING))
        return first, np.clip(last - first + 1.0, 1.0, most)
