# SPDX-License-Identifier: Apache-2.0
"""The sizes of a joint mixture of context features and configurations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry, ContextFeatures
from vi_ik_ros.sampling.models.linear_experts.options import ExpertsOptions


class SomeFeatures(ContextFeatures):
    """Some columns of the features: a joint density is singular in those that never change."""

    def __init__(
        self,
        entries: Sequence[tuple[str, int]],
        num_dims: int,
        symmetry: AxisSymmetry,
        length_scale: float,
        columns: tuple[int, ...] = (),
    ) -> None:
        """See `ContextFeatures`; `columns` are those to keep, none for all."""
        self._kept = slice(None) if not columns else list(columns)
        super().__init__(entries, num_dims, symmetry, length_scale)

    def __call__(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `ContextFeatures.__call__`."""
        features, offsets = super().__call__(contexts)
        return features[:, self._kept], offsets


@dataclass(frozen=True)
class JointOptions(ExpertsOptions):
    """Everything of a joint mixture that is not a trained number.

    Attributes:
        symmetry: rotations explained by the first and last joint; none unless given.
        columns: of the features, those that the mixture is of; none for all.
        periodic: indices of joints whose angles are the same a turn further.
    """

    symmetry: AxisSymmetry = field(default_factory=AxisSymmetry)
    columns: tuple[int, ...] = ()
    periodic: tuple[int, ...] = ()

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> Self:
        """Rebuild from the JSON form of `dataclasses.asdict`."""
        values = dict(mapping)
        try:
            values["symmetry"] = AxisSymmetry.from_options(values["symmetry"])  # type: ignore[arg-type]
            for name in ("columns", "periodic"):
                values[name] = tuple(int(index) for index in values[name])  # type: ignore[attr-defined]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            names = ", ".join(cls.__dataclass_fields__)
            raise InvalidInput("options", dict(mapping), f"the keys {names}") from error
        read = super().from_mapping(values)
        if not all(0 <= joint < read.num_dims for joint in read.periodic):
            expected = f"indices below {read.num_dims}"
            raise InvalidInput("options.periodic", list(read.periodic), expected)
        return read

    def features(self) -> SomeFeatures:
        """Return the features y of its contexts."""
        return SomeFeatures(
            self.entries, self.num_dims, self.symmetry, self.length_scale, self.columns
        )

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `ExpertsOptions.tensor_shapes`.

        Besides those of the experts there is the range of the features in training.
        """
        f = self.features().num_features
        return super().tensor_shapes() | {"feature_lower": (f,), "feature_upper": (f,)}
