# SPDX-License-Identifier: Apache-2.0
"""K bent Gaussians with weights, as an inference algorithm moves them."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.bend import FEWEST, fit_bends, moments_of, turned
from vi_ik_ros.sampling.inference.components.gaussian_components import (
    GaussianComponents,
    cholesky,
    monomials,
    quadratic,
)
from vi_ik_ros.sampling.inference.components.responsibilities import Responsibilities, Whitened


@dataclass(frozen=True)
class BananaComponents(GaussianComponents):
    """Gaussians sheared along J directions by quadratics of the others, Eq. (15).

    x = loc + z + sum_j a_j (z^T C_j z - tr(C_j L L^T)), z = L eta, with orthonormal directions a_j
    and symmetric C_j that see none of them (C_j a_i = 0). The shear keeps volumes, its inverse is
    as simple, and the last term keeps the mean where loc is.

    Attributes:
        direction: (K, J, D), a.
        curvature: (K, J, D, D), C [1/rad or 1/m].
    """

    direction: Tensor
    curvature: Tensor

    @classmethod
    def straight(cls, components: GaussianComponents, num_bends: int = 1) -> Self:
        """Return Gaussians as bananas without a bend."""
        K, D = components.loc.shape
        direction = torch.eye(D).to(components.loc)[:num_bends].expand(K, -1, -1)
        curvature = components.loc.new_zeros(K, num_bends, D, D)
        return cls(**components.tensors(), direction=direction, curvature=curvature)

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log density of rows x (N, D) under every component, (N, K)."""
        K, J, D = self.direction.shape
        products, precision = monomials(x), self._precision
        bends = quadratic(
            products, self.curvature.flatten(0, 1), self.loc.repeat_interleave(J, dim=0)
        )
        s = bends.view(-1, K, J) - self._mean_bend()
        Pa = self.direction @ precision  # (K, J, D)
        t = (x @ Pa.flatten(0, 1).T).view(-1, K, J) - (Pa @ self.loc[..., None])[..., 0]
        # (d - a s)^T P (d - a s) with d = x - loc
        across = (
            (s[..., None, :] @ (Pa @ self.direction.mT))[..., 0, :]
            if J > 1
            else (s * (Pa * self.direction).sum(-1))
        )
        squared = quadratic(products, precision, self.loc) + (s * (across - 2.0 * t)).sum(-1)
        return self._log_constant - 0.5 * squared

    def sample(self, noise: Tensor, components: Tensor) -> Tensor:
        """Map standard normal noise (N, D) to draws (N, D) of components (N,)."""
        z = (self.scale_tril[components] @ noise[..., None])[..., 0]
        bend = torch.einsum("ni,njik,nk->nj", z, self.curvature[components], z)
        shift = bend - self._mean_bend()[components]
        return (
            self.loc[components] + z + torch.einsum("nj,nji->ni", shift, self.direction[components])
        )

    def maximise(
        self,
        x: Tensor,
        weights: Tensor,
        responsibilities: Responsibilities,
        *,
        turning: bool = False,
    ) -> Self:
        """See `GaussianComponents.maximise`; along given directions the fit is exact.

        The directions are those of least spread, the normals of the sheet that the points lie on.
        If they turn, the likeliest are taken of these, those of now, and those that are turned from
        them by one step towards what the points would rather have.
        """
        flat = GaussianComponents(self.log_weights, self.loc, self.scale_tril)
        flat = flat.maximise(x, weights, responsibilities)
        moments = moments_of(x, weights, responsibilities, flat.loc)
        covariance = flat.scale_tril @ flat.scale_tril.mT
        thin = torch.linalg.eigh(covariance).eigenvectors.mT[:, : self.direction.shape[1]]
        bends = fit_bends(moments, thin)
        if turning:
            current = fit_bends(moments, self.direction)
            bends = bends.or_else(current).or_else(fit_bends(moments, turned(current, moments)))
        enough = moments.effective > FEWEST * bends.coefficients.shape[1]
        scale_tril = torch.where(enough[:, None, None], cholesky(bends.covariance), flat.scale_tril)
        return replace(
            self,
            log_weights=flat.log_weights,
            loc=flat.loc + bends.offset * enough[:, None],
            scale_tril=scale_tril,
            direction=bends.direction,
            curvature=bends.curvature * enough[:, None, None, None],
        )

    def moved(self, components: Tensor, x: Tensor) -> Self:
        """See `GaussianComponents.moved`; what is moved is straight."""
        moved = super().moved(components, x)
        curvature = moved.curvature.clone()
        curvature[components] = 0.0
        return replace(moved, curvature=curvature)

    def whitened(self) -> Whitened:
        """Return the maps to a standard normal, in coordinates that end with the directions."""
        J = self.direction.shape[1]
        across = torch.linalg.qr(self.direction.mT, mode="complete").Q.mT[:, J:]
        axes = torch.cat([across, self.direction], 1)  # (K, D, D)
        scaled = axes @ self.scale_tril
        L = torch.linalg.cholesky(scaled @ scaled.mT)
        inverse = torch.linalg.solve_triangular(
            L, torch.eye(L.shape[1]).to(L).expand_as(L), upper=False
        )
        W = inverse @ axes
        half = (across.mT @ L[:, :-J, :-J])[:, None]  # (K, 1, D, D - J)
        bends = half.mT @ self.curvature @ half
        return Whitened(
            W,
            (W @ self.loc[..., None])[..., 0],
            self._log_constant,
            0.5 * (bends + bends.mT),
            bends.diagonal(dim1=-2, dim2=-1).sum(-1),
            inverse[:, -J:, -J:],
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored form."""
        return super().tensors() | {"direction": self.direction, "curvature": self.curvature}

    def _mean_bend(self) -> Tensor:
        """Return tr(C_j L L^T), (K, J)."""
        L = self.scale_tril[:, None]
        return ((self.curvature @ L) * L).sum((-2, -1))
