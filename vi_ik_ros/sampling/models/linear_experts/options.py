# SPDX-License-Identifier: Apache-2.0
"""The sizes of a mixture of linear experts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry, ContextFeatures


@dataclass(frozen=True)
class ExpertsOptions:
    """Everything of a mixture of experts that is not a trained number.

    Attributes:
        entries: kind and number of columns of each context entry.
        lower, upper: joint limits (D,) [rad or m].
        length_scale: positions are divided by it [m].
        num_components: K.
    """

    entries: tuple[tuple[str, int], ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    length_scale: float = 1.0
    num_components: int = 64

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> Self:
        """Rebuild from the JSON form of `dataclasses.asdict`."""
        values = dict(mapping)
        try:
            values["entries"] = tuple((kind, size) for kind, size in values["entries"])  # type: ignore[attr-defined]
            for name in ("lower", "upper"):
                values[name] = tuple(float(bound) for bound in values[name])  # type: ignore[attr-defined]
            return cls(**values)  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            names = ", ".join(cls.__dataclass_fields__)
            raise InvalidInput("options", dict(mapping), f"the keys {names}") from error

    @property
    def num_dims(self) -> int:
        """D, length of a configuration."""
        return len(self.lower)

    def features(self) -> ContextFeatures:
        """Return the features y of its contexts: positions, rotation columns, plain vectors."""
        return ContextFeatures(self.entries, self.num_dims, AxisSymmetry(), self.length_scale)

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every trained number, in single precision.

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
