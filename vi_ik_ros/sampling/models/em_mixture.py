# SPDX-License-Identifier: Apache-2.0
"""A joint Gaussian mixture of contexts and configurations, conditioned on the context."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from vi_ik_ros.sampling.models.amortized.fixed_mixture import FixedMixture
from vi_ik_ros.sampling.models.linear_experts.joint_options import JointOptions
from vi_ik_ros.sampling.models.linear_experts.wrapped_mixture import WrappedMixture, wrapped
from vi_ik_ros.sampling.models.mixture_of_experts import MixtureOfExperts


@dataclass(frozen=True)
class Conditional:
    """p(x | y) of one context, before anything is made of it.

    Attributes:
        log_gate: (K,) log pi_k N(y; mu_y,k, Sigma_yy,k), not normalised.
        loc: (K, D) conditional means; periodic joints within one turn [rad].
        covariance: (K, D, D), the same for every context.
    """

    log_gate: np.ndarray
    loc: np.ndarray
    covariance: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Return beta (K,), Eq. (9) of Satici 2021."""
        weights = np.exp(self.log_gate - self.log_gate.max())
        return weights / weights.sum()


class EmMixture(MixtureOfExperts):
    """p(x | y) = sum_k beta_k(y) N(x; mean_k(y), Sigma_k), Eq. (8) and (9) of Satici 2021.

    A joint Gaussian mixture of (y, x), given y, is a mixture of linear experts that are gated by
    its marginal of y: it is stored, drawn from and evaluated as that. Three things come on top.
    Periodic joints: densities of angles are wrapped, so that the mass within one turn is 1. Turned
    joints: what a symmetry explains is taken off before the fit and put back here. Features beyond
    their range in training are taken as its ends; out there, linear means mean nothing.
    """

    family = "em"
    options_type = JointOptions

    def __init__(self, options: JointOptions, tensors: dict[str, np.ndarray]) -> None:
        """See `MixtureOfExperts`."""
        super().__init__(options, tensors)
        self._periodic = options.periodic
        self._middle = 0.5 * (self._lower + self._upper)
        self._ends = tensors["feature_lower"], tensors["feature_upper"]
        self._covariance = _covariances(*self._precision)
        self._std = np.sqrt(np.diagonal(self._covariance, axis1=1, axis2=2))

    def conditional(self, context: np.ndarray) -> Conditional:
        """Return p(x | y) of one context row (dc,)."""
        y, offsets = self._features(np.asarray(context, np.float64)[None])
        y = y.clip(*self._ends)
        log_gate = self._gate.component_log_prob(y)[0]
        loc = self._matrix @ y[0] + self._offset + offsets[0]
        return Conditional(log_gate, self._wrapped(loc), self._covariance)

    def single_component(self, context: np.ndarray) -> np.ndarray:
        """Return the mean (D,) of the most responsible component: the source's SLSE."""
        given = self.conditional(context)
        return given.loc[given.log_gate.argmax()]

    def densest_component(self, context: np.ndarray) -> np.ndarray:
        """Return the mean (D,) of the component that is densest at its mean.

        Of two components that answer for a context alike, this takes the narrower one, whose
        training pairs lie closer to its plane.
        """
        given = self.conditional(context)
        _, log_det = np.linalg.slogdet(given.covariance)
        return given.loc[(given.log_gate - 0.5 * log_det).argmax()]

    def least_squares(self, context: np.ndarray) -> np.ndarray:
        """Return the mean (D,) of the mixture, of periodic joints the circular one: LSE.

        It mixes postures that have nothing in common; the source shows why not to use it.
        """
        given = self.conditional(context)
        mean, joints = given.weights @ given.loc, list(self._periodic)
        # E exp(i x) of a wrapped normal density
        turning = np.exp(1j * given.loc[:, joints] - 0.5 * self._std[:, joints] ** 2)
        mean[joints] = np.angle(given.weights @ turning)
        return self._wrapped(mean)

    def one_gaussian(
        self, context: np.ndarray, num_samples: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw (n, D) from one Gaussian around the mixture mean: the source's STOCH.

        As its text and code have it, the covariance is sum_k beta_k^2 Sigma_k. That is not the
        covariance of the mixture, and no draw of it: `sample` draws from the mixture itself. Rows
        may leave the limits.
        """
        given = self.conditional(context)
        covariance = np.einsum("k,kij->ij", given.weights**2, given.covariance)
        mean = self.least_squares(context)
        return self._wrapped(rng.multivariate_normal(mean, covariance, num_samples))

    def _mixture(self, context: np.ndarray) -> FixedMixture | WrappedMixture:
        """See `MixtureOfExperts._mixture`."""
        given = self.conditional(context)
        if not self._periodic:
            return FixedMixture.of(given.log_gate, given.loc, *self._precision)
        turn = {"middle": self._middle, "periodic": self._periodic}
        return WrappedMixture.of(given.log_gate, given.loc, self._precision, self._std, **turn)  # type: ignore[arg-type]

    def _widened(self, factor: float) -> Self:
        """See `MixtureOfExperts._widened`."""
        wide = super()._widened(factor)
        wide._covariance, wide._std = self._covariance * factor**2, self._std * factor
        return wide

    def _wrapped(self, x: np.ndarray) -> np.ndarray:
        return wrapped(x, self._middle, self._periodic)


def _covariances(log_scale: np.ndarray, coupling: np.ndarray) -> np.ndarray:
    """Return the covariances (K, D, D) of precision factors, see `FixedMixture.of`."""
    unweighted = FixedMixture.of(log_scale[:, 0] * 0.0, log_scale * 0.0, log_scale, coupling)
    root = np.linalg.inv(unweighted.factors)  # of P^T P
    return root @ root.transpose(0, 2, 1)
