# SPDX-License-Identifier: Apache-2.0
"""The mixture of Gaussians that are each bent along one direction of their own."""

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.component_mixture import (
    RELATIVE_TOLERANCE,
    ComponentMixture,
    checked_tensor,
)


class BananaMixture(ComponentMixture):
    """Eq. (15) with a learned direction: x = loc + z + a (z^T C z - tr(C Sigma)), z ~ N(0, Sigma).

    C a = 0, so the bend depends only on the part of z across a, which x shares: the shear has unit
    Jacobian and its inverse is z = d - a (d^T C d - tr(C Sigma)) with d = x - loc. The trace keeps
    loc the mean of the component, however it is bent.

    Attributes:
        direction: (K, D) unit vectors a.
        curvature: (K, D, D) symmetric C with C a = 0 [1/rad, 1/m].
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
        """See `ComponentMixture`; what rounding did to direction and curvature is undone.

        Raises:
            InvalidInput: It names the tensor, or the limits, that cannot be used.
        """
        super().__init__(log_weights, loc, scale_tril, lower=lower, upper=upper)
        K, D = self.loc.shape
        self.direction = _checked_direction(checked_tensor("direction", direction, (K, D)))
        curvature = checked_tensor("curvature", curvature, (K, D, D))
        self.curvature = _checked_curvature(curvature, self.direction)
        bent = self.curvature @ self.scale_tril
        self._trace = np.einsum("kij,kij->k", self.scale_tril, bent)

    def _bend(self, z: np.ndarray, component: np.ndarray) -> np.ndarray:
        height = np.einsum("ni,nij,nj->n", z, self.curvature[component], z)
        return z + self.direction[component] * (height - self._trace[component])[:, None]

    def _straighten(self, d: np.ndarray) -> np.ndarray:
        height = np.einsum("kni,kni->kn", d @ self.curvature, d) - self._trace[:, None]
        d -= self.direction[:, None] * height[..., None]
        return d


def _checked_direction(direction: np.ndarray) -> np.ndarray:
    """Return unit vectors (K, D), refused where a length is not one."""
    norm = np.linalg.norm(direction, axis=-1, keepdims=True)
    wrong = np.abs(norm[:, 0] - 1.0) > RELATIVE_TOLERANCE
    if wrong.any():
        k = int(np.argmax(wrong))
        raise InvalidInput(f"tensor direction[{k}]", f"length {norm[k, 0]:.6g}", "unit vectors")
    return direction / norm


def _checked_curvature(curvature: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return C (K, D, D), exactly symmetric and across a; refused where it is not nearly so."""
    allowed = RELATIVE_TOLERANCE * np.abs(curvature).max(axis=(1, 2))
    skew = np.abs(curvature - curvature.transpose(0, 2, 1)).max(axis=(1, 2))
    along = np.abs(np.einsum("kij,kj->ki", curvature, direction)).max(axis=-1)
    for values, expected in ((skew, "symmetric matrices"), (along, "C a = 0 for the direction a")):
        if (values > allowed).any():
            k = int(np.argmax(values > allowed))
            raise InvalidInput(f"tensor curvature[{k}]", f"off by {values[k]:.3g}", expected)
    across = np.eye(direction.shape[1]) - direction[:, :, None] * direction[:, None, :]
    symmetric = 0.5 * (curvature + curvature.transpose(0, 2, 1))
    return across @ symmetric @ across
