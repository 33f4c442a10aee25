# SPDX-License-Identifier: Apache-2.0
"""A planar arm with a normal prior on its joints, and exact draws of all that reaches a point.

The first joint only turns the arm about its base. So in polar coordinates of the tip a posture is
conditioned in two steps: the other joints must put the tip at the right distance, and the first
joint follows from them. Draws of the prior that miss the distance by little are moved onto it.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

STD = 0.2  # [rad], of every joint under the prior
LINK, LAST_LINK = 0.5, 1.0  # [m]
NARROW = (0.001, 0.002, 0.004)  # [m], by which the distance may be missed; the next if too few
DAMPING = 5.0  # [1/rad^2], of a step, times the squared error
SMALLEST = 1e-12  # [m^2/rad^2], damping of one that has arrived


@dataclass(frozen=True)
class PlanarArm:
    """The robots planar4 to planar10.

    Attributes:
        num_joints: D.
    """

    num_joints: int

    @property
    def lengths(self) -> np.ndarray:
        """Lengths of the links (D,) [m]."""
        return np.array([LINK] * (self.num_joints - 1) + [LAST_LINK])

    def tips(self, q: np.ndarray) -> np.ndarray:
        """Return the tip (n, 2) [m] of configurations (n, D)."""
        angle = q.cumsum(1)
        return np.stack([np.cos(angle) @ self.lengths, np.sin(angle) @ self.lengths], axis=1)

    def jacobians(self, q: np.ndarray) -> np.ndarray:
        """Return d tip / d q (n, 2, D) [m/rad] of configurations (n, D)."""
        angle = q.cumsum(1)
        sides = np.stack([-np.sin(angle), np.cos(angle)], axis=1) * self.lengths
        return sides[:, :, ::-1].cumsum(2)[:, :, ::-1]

    def newton_step(self, q: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Move configurations (n, D) by the smallest change that, linearly, meets targets (n, 2).

        The step is damped by the error, as Levenberg-Marquardt steps are: a straight arm cannot
        move along itself, and near it an undamped step goes anywhere.
        """
        J, error = self.jacobians(q), targets - self.tips(q)
        damping = DAMPING * (error**2).sum(1) + SMALLEST
        JJ = J @ J.transpose(0, 2, 1) + damping[:, None, None] * np.eye(2)
        return q + (J.transpose(0, 2, 1) @ np.linalg.solve(JJ, error[:, :, None]))[:, :, 0]

    def prior(self, num_draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draw configurations (n, D) of the prior."""
        return STD * rng.standard_normal((num_draws, self.num_joints))


@dataclass(frozen=True)
class PosteriorDraws:
    """Draws of the prior of all joints but the first, sorted by the distance of the tip.

    Attributes:
        arm: the arm.
        q: (n, D), the first column 0.
        distance: (n,) of the tip from the base, ascending [m].
        azimuth: (n,) of the tip [rad].
    """

    arm: PlanarArm
    q: np.ndarray
    distance: np.ndarray
    azimuth: np.ndarray

    @classmethod
    def of(cls, arm: PlanarArm, num_draws: int, rng: np.random.Generator) -> Self:
        """Draw and sort."""
        q = arm.prior(num_draws, rng)
        q[:, 0] = 0.0
        tips = arm.tips(q)
        distance = np.hypot(tips[:, 0], tips[:, 1])
        order = distance.argsort()
        azimuth = np.arctan2(tips[:, 1], tips[:, 0])
        return cls(arm, q[order], distance[order], azimuth[order])

    def exact(self, target: np.ndarray, wanted: int, rng: np.random.Generator) -> np.ndarray:
        """Return configurations (m, D) that reach a target (2,), as the prior has them.

        The distance of the tip is right to the first of `NARROW` that `wanted` rows are found with.
        """
        distance, kept = float(np.hypot(*target)), self.q[:0]
        for miss in NARROW:
            low, high = np.searchsorted(self.distance, [distance - miss, distance + miss])
            q = self.q[low:high].copy()
            q[:, 0] = _wrapped(np.arctan2(target[1], target[0]) - self.azimuth[low:high])
            kept = q[_accepted(_log_prior(q[:, 0]), rng)]
            if len(kept) >= wanted:
                break
        return kept[rng.permutation(len(kept))]

    def within(self, target: np.ndarray, radius: float, rng: np.random.Generator) -> np.ndarray:
        """Return draws (m, D) of the prior whose tip is at most `radius` [m] off a target (2,).

        The same distribution as by rejection of whole draws, with fewer of them.
        """
        distance = float(np.hypot(*target))
        low, high = np.searchsorted(self.distance, [distance - radius, distance + radius])
        q, r = self.q[low:high].copy(), self.distance[low:high]
        cosine = (r**2 + distance**2 - radius**2) / (2 * r * distance)
        arc = np.arccos(cosine.clip(-1.0, 1.0))  # of the first joint to either side
        turn = np.arctan2(target[1], target[0]) - self.azimuth[low:high]
        q[:, 0] = _wrapped(turn + arc * rng.uniform(-1.0, 1.0, len(q)))
        with np.errstate(divide="ignore"):  # an arc of length 0 is never accepted
            q = q[_accepted(np.log(arc) + _log_prior(q[:, 0]), rng)]
        return q[rng.permutation(len(q))]


def _log_prior(angle: np.ndarray) -> np.ndarray:
    """Return the log density of one joint's angle but for a constant."""
    return -0.5 * (angle / STD) ** 2


def _accepted(log_weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keep rows (n,) with the probability of their weight against the largest one."""
    if not len(log_weights):
        return np.zeros(0, bool)
    return np.log(rng.random(len(log_weights))) < log_weights - log_weights.max()


def _wrapped(angle: np.ndarray) -> np.ndarray:
    """Return angles in [-pi, pi)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi
