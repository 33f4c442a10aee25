# SPDX-License-Identifier: Apache-2.0
"""Gaussian mixtures of angles: what leaves a turn at one end comes back at the other."""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from vi_ik_ros.sampling.models.amortized.fixed_mixture import FixedMixture

TURN = 2.0 * math.pi  # [rad]
TAIL = 4.5  # [std], beyond which a component is not seen any more; 7e-6 of its mass
MAX_JOINTS = 4  # of a component that may reach over the end of their turn at once


def images(
    loc: np.ndarray, std: np.ndarray, middle: np.ndarray, periodic: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which components must be repeated, a turn further, to be seen from within one turn.

    Of a component that reaches over the end of more than `MAX_JOINTS` turns, images of the joints
    that reach least far are left out, and with them their mass.

    Args:
        loc: (K, D) means, those of periodic joints within half a turn of `middle` [rad].
        std: (K, D) standard deviations.
        middle: (D,) of the turn that is looked at.
        periodic: indices of the joints that turn.

    Returns:
        Component (J,) of each image, the component itself first, and its shift (J, D) [rad].
    """
    joints = list(periodic)
    place, tail = (loc - middle)[:, joints], TAIL * std[:, joints]
    rank = np.argsort(np.argsort(-np.abs(place) - tail, axis=1), axis=1)
    # An image is seen if its tail reaches into the half turns about the middle.
    counts = [
        np.where(rank < MAX_JOINTS, (0.5 * TURN + tail + sign * place) // TURN, 0)
        for sign in (-1, 1)
    ]
    owner, shift = np.arange(len(loc)), np.zeros_like(loc)
    for i, joint in enumerate(joints):
        owners, shifts = [owner], [shift]
        for sign, count in zip((1, -1), counts, strict=True):
            for turns in range(1, int(count[:, i].max(initial=0)) + 1):
                seen = count[owner, i] >= turns
                moved = shift[seen]
                moved[:, joint] += sign * turns * TURN
                owners.append(owner[seen])
                shifts.append(moved)
        owner, shift = np.concatenate(owners), np.concatenate(shifts)
    return owner, shift


def wrapped(x: np.ndarray, middle: np.ndarray, periodic: tuple[int, ...]) -> np.ndarray:
    """Return x (..., D) with periodic joints within half a turn of `middle` (D,) [rad]."""
    joints, x = list(periodic), np.array(x, np.float64)
    start = middle[joints] - 0.5 * TURN
    x[..., joints] = (x[..., joints] - start) % TURN + start
    return x


@dataclass(frozen=True)
class WrappedMixture:
    """A mixture whose periodic joints are read modulo a turn; its mass within one turn is 1.

    Attributes:
        drawn: the mixture as it was, to draw from.
        seen: with the images that reach into the turn.
        middle: (D,) of the turn [rad].
        periodic: indices of the joints that turn.
    """

    drawn: FixedMixture
    seen: FixedMixture
    middle: np.ndarray
    periodic: tuple[int, ...]

    @classmethod
    def of(
        cls,
        log_weights: np.ndarray,
        loc: np.ndarray,
        precision: tuple[np.ndarray, np.ndarray],
        std: np.ndarray,
        *,
        middle: np.ndarray,
        periodic: tuple[int, ...],
    ) -> Self:
        """Lay out one context's mixture.

        Args:
            log_weights: (K,).
            loc: (K, D).
            precision: log scale and coupling, see `FixedMixture.of`.
            std: (K, D), of the same.
            middle: (D,) of the turn [rad].
            periodic: indices of the joints that turn.
        """
        loc = wrapped(loc, middle, periodic)
        owner, shift = images(loc, std, middle, periodic)
        drawn = FixedMixture.of(log_weights, loc, *precision)
        repeated = (part[owner] for part in precision)
        seen = FixedMixture.of(log_weights[owner], loc[owner] + shift, *repeated)
        # Images add mass outside of the turn: each keeps the whole weight of its component.
        return cls(drawn, replace(seen, constant=drawn.constant[owner]), middle, periodic)

    def sample(self, num_samples: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw rows (n, D) within the turn and the component (n,) of each."""
        x, component = self.drawn.sample(num_samples, rng)
        return wrapped(x, self.middle, self.periodic), component

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """Return log q(x) (n,) of rows x (n, D), taken into the turn first."""
        return self.seen.log_prob(wrapped(x, self.middle, self.periodic))
