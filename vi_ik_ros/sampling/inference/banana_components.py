# SPDX-License-Identifier: Apache-2.0
"""K bent Gaussians with weights, as an inference algorithm moves them."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.gaussian_components import GaussianComponents, cholesky, outer

NEGLIGIBLE = 1e-8  # of a component's heaviest point: lighter ones do not bend it


@dataclass(frozen=True)
class BananaComponents(GaussianComponents):
    """Gaussians sheared along a direction by a quadratic of the others, Eq. (15).

    x = loc + z + a (z^T C z - tr(C L L^T)), z = L eta, with a unit direction a and a symmetric C
    that does not see it (C a = 0). The shear keeps volumes, its inverse is as simple, and the last
    term keeps the mean where loc is.

    Attributes:
        direction: (K, D), a_k.
        curvature: (K, D, D), C_k [1/rad or 1/m].
    """

    direction: Tensor
    curvature: Tensor

    @classmethod
    def straight(cls, components: GaussianComponents) -> Self:
        """Return Gaussians as bananas without a bend."""
        direction = torch.zeros_like(components.loc)
        direction[:, 0] = 1.0
        curvature = torch.zeros_like(components.scale_tril)
        return cls(**components.tensors(), direction=direction, curvature=curvature)

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log density of rows x (N, D) under every component, (N, K)."""
        C_loc = (self.curvature @ self.loc[..., None])[..., 0]  # (K, D)
        constant = (C_loc * self.loc).sum(1) - self._mean_bend()
        shift = outer(x) @ self.curvature.flatten(1).T - 2 * x @ C_loc.T + constant  # (N, K)
        return self._log_normal(x, (shift, self.direction))

    def sample(self, noise: Tensor, components: Tensor) -> Tensor:
        """Map standard normal noise (N, D) to draws (N, D) of components (N,)."""
        z = (self.scale_tril[components] @ noise[..., None])[..., 0]
        bend = torch.einsum("ni,nij,nj->n", z, self.curvature[components], z)
        shift = (bend - self._mean_bend()[components])[:, None] * self.direction[components]
        return self.loc[components] + z + shift

    def maximise(self, x: Tensor, weights: Tensor) -> Self:
        """See `GaussianComponents.maximise`; the direction is that of least conditional spread.

        Along a given direction the coordinate is regressed on the quadratic of the others, which
        is exact; the direction is the normal of the sheet that the points lie on.
        """
        total = weights.sum(0)
        flat = GaussianComponents(self.log_weights, self.loc, self.scale_tril)
        flat = flat.maximise(x, weights)
        covariance = flat.scale_tril @ flat.scale_tril.mT
        direction = torch.linalg.eigh(covariance).eigenvectors[..., 0]  # (K, D)
        shares = weights / total
        new = []
        for k in range(len(total)):
            near = shares[:, k] > NEGLIGIBLE * shares[:, k].max()
            new.append(_bend(x[near], shares[near, k], flat.loc[k], covariance[k], direction[k]))
        loc, sigma, curvature = (torch.stack(parts) for parts in zip(*new, strict=True))
        return replace(
            self,
            log_weights=flat.log_weights,
            loc=loc,
            scale_tril=cholesky(sigma),
            direction=direction,
            curvature=curvature,
        )

    def moved(self, components: Tensor, x: Tensor) -> Self:
        """See `GaussianComponents.moved`; what is moved is straight."""
        moved = super().moved(components, x)
        curvature = moved.curvature.clone()
        curvature[components] = 0.0
        return replace(moved, curvature=curvature)

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored form."""
        return super().tensors() | {"direction": self.direction, "curvature": self.curvature}

    def _mean_bend(self) -> Tensor:
        """Return tr(C L L^T), (K,)."""
        bent = self.curvature @ self.scale_tril
        return (bent * self.scale_tril).sum((-2, -1))


def _bend(
    x: Tensor, weights: Tensor, loc: Tensor, covariance: Tensor, direction: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Fit one component to weighted points: mean (D,), covariance of z and curvature (D, D)."""
    num_dims = len(loc)
    across = torch.linalg.svd(direction[None]).Vh[1:]  # (D - 1, D), orthonormal, across direction
    centred = x - loc
    u, v = centred @ across.T, centred @ direction  # (N, D - 1), (N,)
    rows, columns = torch.triu_indices(num_dims - 1, num_dims - 1)
    # In units of their spread, so that the ridge below means the same for every component.
    spread = (across @ covariance @ across.T).diagonal().sqrt()
    scaled = u / spread
    features = torch.cat(
        [torch.ones_like(v)[:, None], scaled, scaled[:, rows] * scaled[:, columns]], 1
    )
    weighted = features * weights[:, None]
    ridge = 1e-9 * torch.eye(features.shape[1], dtype=x.dtype)
    coefficients = torch.linalg.solve(features.T @ weighted + ridge, weighted.T @ v)
    residual = v - features @ coefficients
    variance = (weights * residual.square()).sum()
    quadratic = torch.zeros(num_dims - 1, num_dims - 1, dtype=x.dtype)
    quadratic[rows, columns] = coefficients[num_dims:]
    quadratic = 0.5 * (quadratic + quadratic.T) / (spread[:, None] * spread)
    slope = coefficients[1:num_dims] / spread
    sigma_u = across @ covariance @ across.T
    along = sigma_u @ slope
    to_axes = torch.cat([across, direction[None]])  # (D, D)
    local = torch.zeros_like(covariance)
    local[:-1, :-1], local[:-1, -1], local[-1, :-1] = sigma_u, along, along
    local[-1, -1] = variance + slope @ along
    offset = coefficients[0] + (quadratic * sigma_u).sum()
    curvature = across.T @ quadratic @ across
    return loc + offset * direction, to_axes.T @ local @ to_axes, curvature
