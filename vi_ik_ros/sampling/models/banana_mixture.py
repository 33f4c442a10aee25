# SPDX-License-Identifier: Apache-2.0
"""The mixture of Gaussians that are each bent along a few directions of their own."""

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.component_mixture import (
    RELATIVE_TOLERANCE,
    ComponentMixture,
    checked_tensor,
)


class BananaMixture(ComponentMixture):
    """Eq. (15) with J learned directions a component, z ~ N(0, Sigma).

    x = loc + z + sum_j a_j (z^T C_j z - tr(C_j Sigma)) with C_j a_i = 0: the bends depend only on
    the part of z across all a, which x shares, so the shear has unit Jacobian and its inverse is
    z = d - sum_j a_j (d^T C_j d - tr(C_j Sigma)) with d = x - loc. The trace keeps loc the mean of
    the component, however it is bent. A task with J equations needs J directions: its normals.

    Attributes:
        direction: (K, J, D) orthonormal a_1 ... a_J.
        curvature: (K, J, D, D) symmetric C_j with C_j a_i = 0 [1/rad, 1/m].
    """

    family = "banana"
    extra_tensors = ("direction", "curvature")

    def __init__(
        self,
        log_weights: np.ndarray,
        loc: np.ndarray,
        scale_tril: np.ndarray,
        direction: np.ndarray,
        curvature: np.ndarray,
        *,
        lower: np.ndarray,
        upper: np.ndarray,
    ) -> None:
        """See `ComponentMixture`; what rounding did to directions and curvatures is undone.

        Raises:
            InvalidInput: It names the tensor, or the limits, that cannot be used.
        """
        super().__init__(log_weights, loc, scale_tril, lower=lower, upper=upper)
        K, D = self.loc.shape
        J = np.shape(direction)[1] if np.ndim(direction) == 3 else 1
        if not 1 <= J < D:
            raise InvalidInput("tensor direction", f"{J} directions", f"1 to {D - 1}")
        self.direction = _checked_direction(checked_tensor("direction", direction, (K, J, D)))
        curvature = checked_tensor("curvature", curvature, (K, J, D, D))
        self.curvature = _checked_curvature(curvature, self.direction)
        bent = self.curvature @ self.scale_tril[:, None]
        self._trace = np.einsum("kil,kjil->kj", self.scale_tril, bent)

    @property
    def num_bends(self) -> int:
        """J, directions of each component."""
        return self.direction.shape[1]

    def _bend(self, z: np.ndarray, component: np.ndarray) -> np.ndarray:
        x = z.copy()
        for j in range(self.num_bends):
            height = np.einsum("ni,nil,nl->n", z, self.curvature[component, j], z)
            x += self.direction[component, j] * (height - self._trace[component, j])[:, None]
        return x

    def _straighten(self, d: np.ndarray) -> np.ndarray:
        heights = [
            np.einsum("kni,kni->kn", d @ self.curvature[:, j], d) - self._trace[:, j, None]
            for j in range(self.num_bends)
        ]
        for j, height in enumerate(heights):
            d -= self.direction[:, j, None] * height[..., None]
        return d


def _checked_direction(direction: np.ndarray) -> np.ndarray:
    """Return orthonormal rows (K, J, D), refused where they are not nearly so."""
    products = direction @ direction.transpose(0, 2, 1)
    off = np.abs(products - np.eye(direction.shape[1])).max(axis=(1, 2))
    if (off > 2 * RELATIVE_TOLERANCE).any():
        k = int(np.argmax(off))
        raise InvalidInput(f"tensor direction[{k}]", f"off by {off[k]:.3g}", "orthonormal rows")
    Q, R = np.linalg.qr(direction.transpose(0, 2, 1))
    return (Q * np.sign(np.einsum("kjj->kj", R))[:, None]).transpose(0, 2, 1)


def _checked_curvature(curvature: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return C (K, J, D, D), exactly symmetric and across all a; refused where not nearly so."""
    allowed = RELATIVE_TOLERANCE * np.abs(curvature).max(axis=(1, 2, 3))
    skew = np.abs(curvature - curvature.transpose(0, 1, 3, 2)).max(axis=(1, 2, 3))
    along = np.abs(np.einsum("kjil,kml->kjim", curvature, direction)).max(axis=(1, 2, 3))
    for values, expected in ((skew, "symmetric matrices"), (along, "C a = 0 for the directions a")):
        if (values > allowed).any():
            k = int(np.argmax(values > allowed))
            raise InvalidInput(f"tensor curvature[{k}]", f"off by {values[k]:.3g}", expected)
    across = np.eye(direction.shape[2]) - direction.transpose(0, 2, 1) @ direction
    symmetric = 0.5 * (curvature + curvature.transpose(0, 1, 3, 2))
    return across[:, None] @ symmetric @ across[:, None]
