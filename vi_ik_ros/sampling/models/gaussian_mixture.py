# SPDX-License-Identifier: Apache-2.0
"""The mixture of Gaussians with full covariances."""

import numpy as np

from vi_ik_ros.sampling.models.component_mixture import ComponentMixture


class GaussianMixture(ComponentMixture):
    """q(x) = sum_k pi_k N(x; loc_k, scale_tril_k scale_tril_k^T)."""

    family = "gaussian"

    @property
    def covariance(self) -> np.ndarray:
        """Covariances (K, D, D) of the components."""
        return self.scale_tril @ self.scale_tril.transpose(0, 2, 1)

    def _bend(self, z: np.ndarray, component: np.ndarray) -> np.ndarray:
        return z

    def _straighten(self, d: np.ndarray) -> np.ndarray:
        return d
