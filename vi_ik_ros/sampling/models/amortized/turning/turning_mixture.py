# SPDX-License-Identifier: Apache-2.0
"""The mixture of one context over joints some of which turn."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import erf, ndtr, ndtri

from vi_ik_ros.sampling.models.amortized.fixed_mixture import FixedMixture
from vi_ik_ros.sampling.models.amortized.turning.turns import TURN

NARROW = 6.0  # half turns in std from which a component does not notice where the turn ends


@dataclass(frozen=True)
class TurningMixture(FixedMixture):
    """A mixture whose components are read modulo a turn in some coordinates; its mass is 1.

    Coordinate after coordinate, a component is normal about a mean that depends on the ones before.
    Where a joint turns, the normal density is cut off half a turn to either side of that mean.

    Attributes:
        joints: indices of the coordinates that turn.
    """

    joints: tuple[int, ...] = ()

    @classmethod
    def turning(cls, mixture: FixedMixture, joints: tuple[int, ...]) -> Self:
        """Return a mixture read modulo a turn."""
        return cls(**vars(mixture), joints=joints)

    def sample(self, num_samples: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """See `FixedMixture.sample`; z is not taken into any turn."""
        return self._solved(*self._noise(num_samples, rng))

    def component_log_prob(self, z: np.ndarray) -> np.ndarray:
        """See `FixedMixture.component_log_prob`; whole turns of z do not matter."""
        log_components = np.tile(self.constant - self._log_inside(), (len(z), 1))
        offsets = np.empty((*log_components.shape, z.shape[1]))  # (n, K, D)
        for i in range(z.shape[1]):
            scale = self.factors[:, i, i]
            offset = z[:, i, None] - self.loc[:, i]  # (n, K)
            u = scale * offset + np.einsum("nkj,kj->nk", offsets[..., :i], self.factors[:, i, :i])
            if i in self.joints:
                turns = TURN * np.round(u / (TURN * scale))
                offset -= turns
                u -= scale * turns
            offsets[..., i] = offset
            log_components -= 0.5 * u * u
        return log_components

    def _noise(self, num_samples: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw standard normal noise (n, D), cut off where turns end, and components (n,)."""
        u, component = self._standard(num_samples, rng)
        half = 0.5 * TURN * self._scales()[component]  # (n, t)
        index = list(self.joints)
        inside = 0.5 + (ndtr(u[:, index]) - 0.5) * erf(half * math.sqrt(0.5))
        u[:, index] = np.where(half > NARROW, u[:, index], ndtri(inside).clip(-half, half))
        return u, component

    def _scales(self) -> np.ndarray:
        """Return the inverse std (K, t) of the coordinates that turn, given those before."""
        index = list(self.joints)
        return self.factors[:, index, index]

    def _log_inside(self) -> np.ndarray:
        """Return the logarithm (K,) of the part of each component that is not cut off."""
        return np.log(erf(0.5 * TURN * self._scales() * math.sqrt(0.5))).sum(1)
