# SPDX-License-Identifier: Apache-2.0
"""The sizes of a mixture of linear experts."""

from dataclasses import dataclass

from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry, ContextFeatures
from vi_ik_ros.sampling.models.described.described_options import DescribedOptions, Shapes


@dataclass(frozen=True)
class ExpertsOptions(DescribedOptions):
    """Everything of a mixture of experts that is not a trained number.

    Attributes:
        length_scale: positions are divided by it [m].
        num_components: K.
    """

    length_scale: float = 1.0
    num_components: int = 64

    def features(self) -> ContextFeatures:
        """Return the features y of its contexts: positions, rotation columns, plain vectors."""
        return ContextFeatures(self.entries, self.num_dims, AxisSymmetry(), self.length_scale)

    def tensor_shapes(self) -> Shapes:
        """See `DescribedOptions.tensor_shapes`; all are trained, in single precision.

        The gate is a Gaussian mixture on y, of weights `gate_logits`, means `gate_loc` and
        precision factors `gate_log_scale`, `gate_coupling`; an expert has the mean
        `matrix` y + `offset` and the precision factor `log_scale`, `coupling`
        (`ConditionalGaussians`).
        """
        f, K, D = self.features().num_features, self.num_components, self.num_dims
        return {
            "gate_logits": (K,),
            "gate_loc": (K, f),
            "gate_log_scale": (K, f),
            "gate_coupling": (K, f * (f - 1) // 2),
            "matrix": (K, D, f),
            "offset": (K, D),
            "log_scale": (K, D),
            "coupling": (K, D * (D - 1) // 2),
        }
