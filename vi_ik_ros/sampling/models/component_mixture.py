# SPDX-License-Identifier: Apache-2.0
"""What unconditional mixtures share: weighted images of a standard normal, one per component."""

import copy
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput, ModelRefused
from vi_ik_ros.sampling.models.model import ConditionalModel, Samples
from vi_ik_ros.sampling.models.redraw import draw_inside

CHUNK = 512  # rows evaluated at once: what they need stays in the processor's cache
MAX_DRAWS, MAX_DRAWS_PER_ROW = 20_000, 1_000  # before too little mass lies inside the limits
FAR, NARROW = 1e30, 1e-30  # [rad, m]; beyond these squares overflow
RELATIVE_TOLERANCE = 1e-4  # of what rounding to float32 may do to a tensor


class ComponentMixture(ConditionalModel):
    """sum_k pi_k q_k(x), where x = loc_k + f_k(scale_tril_k eta) and f_k has unit Jacobian.

    The chart is x itself, without squashing: what is drawn outside the joint limits is drawn
    again, and `log_prob` is that of the whole, untruncated mixture.

    Attributes:
        log_weights: (K,) log pi, normalised.
        loc: (K, D) [rad, m].
        scale_tril: (K, D, D) lower triangular, positive diagonal.
        lower, upper: (D,) joint limits [rad, m].
    """

    context_size = 0
    extra_tensors: tuple[str, ...] = ()  # what a family stores besides the three above

    def __init__(
        self,
        log_weights: np.ndarray,
        loc: np.ndarray,
        scale_tril: np.ndarray,
        *,
        lower: np.ndarray,
        upper: np.ndarray,
    ) -> None:
        """Check and lay out the components; weights need not be normalised.

        Raises:
            InvalidInput: It names the tensor, or the limits, that cannot be used.
        """
        self.lower, self.upper = _checked_limits(lower, upper)
        self.num_dims = D = len(self.lower)
        self.num_components = K = len(np.atleast_1d(log_weights))
        log_weights = checked_tensor("log_weights", log_weights, (K,))
        self.log_weights = log_weights - np.logaddexp.reduce(log_weights)
        self.loc = checked_tensor("loc", loc, (K, D))
        self.scale_tril = _checked_scale(checked_tensor("scale_tril", scale_tril, (K, D, D)))
        self._edges = np.cumsum(np.exp(self.log_weights))
        self._precision_tril = np.tril(np.linalg.inv(self.scale_tril))
        diagonal = np.einsum("kii->ki", self.scale_tril)
        constant = self.log_weights - np.log(diagonal).sum(-1) - 0.5 * D * math.log(2 * math.pi)
        self._constant = constant[:, None]

    @property
    def weights(self) -> np.ndarray:
        """Weights (K,) of the components."""
        return np.exp(self.log_weights)

    @abstractmethod
    def _bend(self, z: np.ndarray, component: np.ndarray) -> np.ndarray:
        """Map z (n, D) of the components (n,) to x - loc, f of the class."""

    @abstractmethod
    def _straighten(self, d: np.ndarray) -> np.ndarray:
        """Map d = x - loc (K, n, D) to z, the inverse of f; d may be overwritten."""

    def sample(
        self, contexts: np.ndarray, num_samples: int, rngs: Sequence[np.random.Generator]
    ) -> Samples:
        """See `ConditionalModel.sample`.

        Raises:
            ModelRefused: Hardly any draw lies inside the limits.
        """
        shape = (len(rngs), num_samples)
        q = np.empty((*shape, self.num_dims))
        log_prob, component = np.empty(shape), np.empty(shape, dtype=np.uint32)
        redrawn, most = 0, MAX_DRAWS + MAX_DRAWS_PER_ROW * num_samples
        for i, rng in enumerate(rngs):
            draw = partial(self.draw, rng=rng)
            inside = draw_inside(draw, num_samples, self.lower, self.upper, max_draws=most)
            if len(inside.q) < num_samples:
                got = f"{len(inside.q)} of {len(inside.q) + inside.redrawn} draws inside"
                raise ModelRefused("model", got, "a mixture with its mass inside the joint limits")
            q[i], component[i] = inside.q, inside.component
            log_prob[i] = self._log_prob(q[i])
            redrawn += inside.redrawn
        return Samples(q=q, log_prob=log_prob, component=component, redrawn=redrawn)

    def draw(self, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw x (n, D) and components (n,) from the whole mixture, whatever the limits."""
        uniform = rng.random(size) * self._edges[-1]
        component = np.searchsorted(self._edges, uniform, side="right")
        component = component.clip(max=self.num_components - 1)
        return self.image(rng.standard_normal((size, self.num_dims)), component), component

    def image(self, eta: np.ndarray, component: np.ndarray) -> np.ndarray:
        """Map rows eta (n, D) of a standard normal to x (n, D) of the components (n,)."""
        z = np.einsum("nij,nj->ni", self.scale_tril[component], eta)
        return self.loc[component] + self._bend(z, component)

    def log_prob(self, q: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """See `ConditionalModel.log_prob`; nothing special happens at the limits."""
        return np.stack([self._log_prob(np.asarray(rows, dtype=np.float64)) for rows in q])

    def _widened(self, factor: float) -> Self:
        """See `ConditionalModel._widened`; what bends a component stays where it is."""
        wide = copy.copy(self)
        wide.scale_tril = self.scale_tril * factor
        wide._precision_tril = self._precision_tril / factor
        wide._constant = self._constant - self.num_dims * math.log(factor)
        return wide

    def options(self) -> dict[str, object]:
        """Return the joint limits."""
        return {"lower": self.lower.tolist(), "upper": self.upper.tolist()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the parameters of the components, float64."""
        names = ("log_weights", "loc", "scale_tril", *self.extra_tensors)
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_tensors(cls, options: Mapping[str, object], tensors: Mapping[str, np.ndarray]) -> Self:
        """See `ConditionalModel.from_tensors`; a number that no mixture can have is refused too."""
        for name in ("lower", "upper"):
            if name not in options:
                raise InvalidInput(f"options.{name}", "nothing", "a joint limit for each dimension")
        names = ("log_weights", "loc", "scale_tril", *cls.extra_tensors)
        for name in names:
            if name not in tensors:
                raise InvalidInput(f"tensor {name}", "nothing", f"the tensors {', '.join(names)}")
        parts = {name: tensors[name] for name in names}
        return cls(**parts, lower=options["lower"], upper=options["upper"])  # type: ignore[arg-type]

    def _log_prob(self, x: np.ndarray) -> np.ndarray:
        """Return log q(x) (n,) of rows (n, D)."""
        result = np.empty(len(x))
        transposed = self._precision_tril.transpose(0, 2, 1)
        for start in range(0, len(x), CHUNK):
            d = x[start : start + CHUNK].clip(-FAR, FAR) - self.loc[:, None]  # (K, n, D)
            u = self._straighten(d) @ transposed
            log_components = self._constant - 0.5 * np.einsum("kni,kni->kn", u, u)
            largest = log_components.max(axis=0)
            summed = np.exp(log_components - largest).sum(axis=0)
            result[start : start + CHUNK] = largest + np.log(summed)
        return result


def checked_tensor(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return values as float64, refused unless they are finite and of a shape."""
    array = np.array(values, dtype=np.float64)
    if array.shape != shape or not array.size:
        expected = f"shape {shape}, at least one component" if not array.size else f"shape {shape}"
        raise InvalidInput(f"tensor {name}", f"shape {array.shape}", expected)
    bad = ~np.isfinite(array)
    if bad.any():
        at = np.argwhere(bad)[0].tolist()
        raise InvalidInput(f"tensor {name}", f"{array[tuple(at)]} at {at}", "finite numbers")
    return array


def _checked_limits(lower: object, upper: object) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits as (D,), each lower one below its upper one."""
    try:
        low, high = (np.array(side, dtype=np.float64) for side in (lower, upper))
    except (TypeError, ValueError):
        raise InvalidInput("options", {"lower": lower, "upper": upper}, "numbers") from None
    if low.ndim != 1 or low.shape != high.shape or not low.size:
        shapes = f"shapes {low.shape} and {high.shape}"
        raise InvalidInput("options.lower, options.upper", shapes, "one number for each dimension")
    if not (np.isfinite(low) & np.isfinite(high) & (low < high)).all():
        i = int(np.argmin(np.isfinite(low) & np.isfinite(high) & (low < high)))
        raise InvalidInput(f"options.lower[{i}]", low[i], f"a number below the upper one {high[i]}")
    return low, high


def _checked_scale(scale_tril: np.ndarray) -> np.ndarray:
    """Return Cholesky factors (K, D, D), refused unless triangular with a positive diagonal."""
    diagonal = np.einsum("kii->ki", scale_tril)
    if (diagonal < NARROW).any():
        k, i = np.argwhere(diagonal < NARROW)[0].tolist()
        expected = "a positive diagonal: the covariance is singular"
        raise InvalidInput(f"tensor scale_tril[{k}, {i}, {i}]", diagonal[k, i], expected)
    above = np.triu(scale_tril, 1)
    if above.any():
        k, i, j = np.argwhere(above)[0].tolist()
        raise InvalidInput(
            f"tensor scale_tril[{k}, {i}, {j}]", above[k, i, j], "0 above the diagonal"
        )
    return scale_tril
