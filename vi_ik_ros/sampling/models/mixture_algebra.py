# SPDX-License-Identifier: Apache-2.0
"""What is closed form for Gaussian mixtures: their product, and the overlap of components."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.models.model import ConditionalModel

NEGLIGIBLE = 1e-6  # share of all weight that may go with the lightest components of a product
LIMIT_TOLERANCE = 1e-6  # [rad or m], below which two joint limits are the same
CONNECTED = 0.01  # similarity of two equal Gaussians that lie 4.3 standard deviations apart


@dataclass(frozen=True)
class MixtureProduct:
    """The normalised product of two mixtures.

    Attributes:
        mixture: the product, heaviest component first.
        pairs: (K, 2) the components of the two factors that each component comes from.
        log_mass: log of the integral of the product before it was normalised [nat].
        dropped: share 0..1 of the weight whose components were left out.
        distance: smallest Mahalanobis distance of two components of the factors, under the sum of
            their covariances; far above sqrt(D), the factors contradict each other.
    """

    mixture: GaussianMixture
    pairs: np.ndarray
    log_mass: float
    dropped: float
    distance: float


@dataclass(frozen=True)
class OverlapGraph:
    """Which components of a mixture have mass in common.

    Attributes:
        weights: (K,) of the components.
        log_overlap: (K, K) log a_kl, a_kl the integral of q_k q_l, Eq. (21).
        similarity: (K, K) a_kl / sqrt(a_kk a_ll), from 0 to 1; 1 for equal components.
        threshold: similarity from which two components are connected.
        groups: (K,) the connected group of each component, 0 the one of the most weight.
        group_weights: (G,) summed weights of the components of each group.
    """

    weights: np.ndarray
    log_overlap: np.ndarray
    similarity: np.ndarray
    threshold: float
    groups: np.ndarray
    group_weights: np.ndarray

    def edges(self) -> np.ndarray:
        """Return the connected pairs (E, 2), each once with k < l."""
        return np.argwhere(np.triu(self.similarity >= self.threshold, 1))


def product(
    first: ConditionalModel,
    second: ConditionalModel,
    *,
    max_components: int | None = None,
    names: tuple[str, str] = ("first model", "second model"),
) -> MixtureProduct:
    """Multiply two Gaussian mixtures over the same configurations, and normalise.

    Component (k, l) has the precision P_k + P_l and the weight ~ pi_k pi_l a_kl. An expert that
    both mixtures were fitted to, such as the joint limits, counts twice in the product.

    Args:
        first: an unconditional Gaussian mixture.
        second: another one, of as many dimensions and with the same limits.
        max_components: how many of the heaviest components stay; None: all but the negligible.
        names: what the errors call the two.

    Raises:
        InvalidInput: A model is of another family, or the two do not belong together.
    """
    a, b = _gaussian(first, names[0]), _gaussian(second, names[1])
    if a.num_dims != b.num_dims:
        expected = f"{a.num_dims} as {names[0]}"
        raise InvalidInput(names[1], f"{b.num_dims} dimensions", expected)
    gap = np.maximum(np.abs(a.lower - b.lower), np.abs(a.upper - b.upper))
    if (gap > LIMIT_TOLERANCE).any():
        i = int(gap.argmax())
        limits = [f"[{m.lower[i]:.6g}, {m.upper[i]:.6g}]" for m in (b, a)]
        expected = f"{limits[1]} as {names[0]}"
        raise InvalidInput(names[1], f"limits {limits[0]} of joint {i}", expected)
    if max_components is not None and max_components < 1:
        raise InvalidInput("components", max_components, "1 or more")
    log_overlap, distance = _overlap(a, b)
    log_weights = (a.log_weights[:, None] + b.log_weights + log_overlap).ravel()
    log_mass = float(np.logaddexp.reduce(log_weights))
    kept, dropped = _heaviest(np.exp(log_weights - log_mass), max_components)
    pairs = np.stack(np.unravel_index(kept, log_overlap.shape), axis=1)
    loc, scale_tril = _multiply(a, b, pairs)
    mixture = GaussianMixture(log_weights[kept], loc, scale_tril, lower=a.lower, upper=a.upper)
    return MixtureProduct(mixture, pairs, log_mass, dropped, float(distance.min()))


def overlap_graph(model: ConditionalModel, *, threshold: float = CONNECTED) -> OverlapGraph:
    """Find the connected groups of a Gaussian mixture's components.

    Args:
        model: an unconditional Gaussian mixture.
        threshold: similarity above 0, at most 1, from which two components are connected.

    Raises:
        InvalidInput: The model is of another family, or the threshold is out of range.
    """
    mixture = _gaussian(model, "model")
    if not 0.0 < threshold <= 1.0:
        raise InvalidInput("threshold", threshold, "a similarity above 0, at most 1")
    log_overlap, _ = _overlap(mixture, mixture)
    itself = np.diagonal(log_overlap)
    similarity = np.exp(np.minimum(log_overlap - 0.5 * (itself[:, None] + itself), 0.0))
    count, labels = connected_components(similarity >= threshold, directed=False)
    group_weights = np.bincount(labels, mixture.weights, minlength=count)
    order = np.argsort(-group_weights, kind="stable")
    return OverlapGraph(
        weights=mixture.weights,
        log_overlap=log_overlap,
        similarity=similarity,
        threshold=threshold,
        groups=np.argsort(order, kind="stable")[labels],
        group_weights=group_weights[order],
    )


def _gaussian(model: ConditionalModel, field: str) -> GaussianMixture:
    """Return a model as what the closed forms hold for, or refuse it with the reason."""
    if isinstance(model, GaussianMixture):
        return model
    expected = "family gaussian: only for Gaussian components is this a closed form"
    if model.context_size:
        expected = "a model without a context: this one is another mixture for each context"
    raise InvalidInput(field, f"family {model.family}", expected)


def _overlap(a: GaussianMixture, b: GaussianMixture) -> tuple[np.ndarray, np.ndarray]:
    """Return log a_kl and the Mahalanobis distances (K_a, K_b), N(loc_k; loc_l, S_k + S_l)."""
    shape = (a.num_components, b.num_components)
    log_overlap, distance = np.empty(shape), np.empty(shape)
    constant = 0.5 * a.num_dims * math.log(2 * math.pi)
    second = b.scale_tril.transpose(0, 2, 1)
    for k, scale_tril in enumerate(a.scale_tril):  # a row at a time: (K_b, D, D) stays small
        first = np.broadcast_to(scale_tril.T, second.shape)
        # R^T R = S_k + S_l without forming it: squares would lose half of the digits.
        R = _triangle(np.concatenate([first, second], axis=1))
        u = np.linalg.solve(R.transpose(0, 2, 1), (a.loc[k] - b.loc)[..., None])[..., 0]
        distance[k] = np.linalg.norm(u, axis=-1)
        log_scale = np.log(np.abs(np.einsum("lii->li", R))).sum(-1)
        log_overlap[k] = -0.5 * distance[k] ** 2 - log_scale - constant
    return log_overlap, distance


def _heaviest(weights: np.ndarray, max_components: int | None) -> tuple[np.ndarray, float]:
    """Return which weights (N,) are worth keeping, heaviest first, and the share of the others."""
    order = np.argsort(-weights, kind="stable")
    before = np.cumsum(weights[order]) - weights[order]  # the share of what is heavier
    kept = order[before < 1.0 - NEGLIGIBLE][:max_components]
    return kept, float(max(0.0, 1.0 - weights[kept].sum()))


def _multiply(
    a: GaussianMixture, b: GaussianMixture, pairs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (N, D) and Cholesky factor (N, D, D) of the products of pairs (N, 2)."""
    P_a = np.linalg.inv(a.scale_tril)[pairs[:, 0]]  # P^T P is a precision
    P_b = np.linalg.inv(b.scale_tril)[pairs[:, 1]]
    # With the axes turned around, R^T R is the summed precision: R^-1 is the factor turned around.
    R = _triangle(np.concatenate([P_a, P_b], axis=1)[:, :, ::-1])
    scale_tril = np.tril(np.linalg.inv(R)[:, ::-1, ::-1])
    scale_tril *= np.sign(np.einsum("nii->ni", scale_tril))[:, None]
    step = P_b @ (b.loc[pairs[:, 1]] - a.loc[pairs[:, 0]])[..., None]
    step = scale_tril @ (scale_tril.transpose(0, 2, 1) @ (P_b.transpose(0, 2, 1) @ step))
    return a.loc[pairs[:, 0]] + step[..., 0], scale_tril


def _triangle(rows: np.ndarray) -> np.ndarray:
    """Return upper triangular R (N, D, D) with R^T R = A^T A of matrices A (N, M, D)."""
    return np.asarray(np.linalg.qr(rows, mode="r"))
