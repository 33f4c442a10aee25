# SPDX-License-Identifier: Apache-2.0
"""A database of configurations, looked up by the contexts that each of them answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.spatial import cKDTree

from vi_ik_ros.exceptions import InvalidInput, ModelRefused
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry, ContextFeatures
from vi_ik_ros.sampling.models.described.described_model import DescribedModel
from vi_ik_ros.sampling.models.described.described_options import DescribedOptions, Shapes
from vi_ik_ros.sampling.models.model import Samples

ROTATION_WEIGHT = 0.26  # [m], an entry of a rotation column: 0.6 of a quaternion's turns as far
CHUNK = 65_536  # contexts whose keys are worked out at once: memory


@dataclass(frozen=True)
class KdTreeOptions(DescribedOptions):
    """Everything of a database that is not a row of it.

    Attributes:
        num_rows: N, size of the database.
    """

    num_rows: int

    def __post_init__(self) -> None:
        """Refuse an empty database.

        Raises:
            InvalidInput: there is no row.
        """
        if self.num_rows < 1:
            raise InvalidInput("options.num_rows", self.num_rows, "1 or more")

    def tensor_shapes(self) -> Shapes:
        """Return the shapes of configurations `q` and of their `contexts` in wire form."""
        return {"q": (self.num_rows, self.num_dims), "contexts": (self.num_rows, self.context_size)}


class KdTree(DescribedModel[KdTreeOptions]):
    """The n configurations whose contexts are nearest to c, the nearest first.

    Near are positions and plain vectors in their own unit, and two columns of a rotation at 0.26 m
    an entry, so that a quaternion and its negative find the same. A row comes once; whoever asks
    for more than there are gets them again, from the nearest on. Nothing is random, and there is
    no density: `log_prob` is NaN in samples and refused otherwise.
    """

    family = "kd_tree"
    options_type = KdTreeOptions
    has_log_prob = False
    repeats = True
    num_components = 1

    def __init__(self, options: KdTreeOptions, tensors: Mapping[str, np.ndarray]) -> None:
        """See `DescribedModel`."""
        super().__init__(options, tensors)
        self._features = ContextFeatures(options.entries, self.num_dims, AxisSymmetry(), 1.0)
        self._weights = _weights(options.entries)

    def sample(
        self, contexts: np.ndarray, num_samples: int, rngs: Sequence[np.random.Generator]
    ) -> Samples:
        """See `ConditionalModel.sample`; the generators are left alone."""
        shape = (len(rngs), num_samples)
        nearest = np.empty(shape, np.intp)
        nth = [*range(1, min(num_samples, self._options.num_rows) + 1)]
        for row, context in zip(nearest, contexts, strict=True):
            _, found = self._tree.query(self._keys(np.asarray(context)[None])[0], k=nth)
            row[:] = np.resize(found, num_samples)
        q = self._tensors["q"][nearest].astype(np.float64)
        return Samples(
            q=q.clip(self._lower, self._upper),  # rounded to half precision, it may lie outside
            log_prob=np.full(shape, np.nan),
            component=np.zeros(shape, np.uint32),
        )

    def log_prob(self, q: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """Refuse.

        Raises:
            ModelRefused: always.
        """
        raise ModelRefused("log_prob", "a model of the family kd_tree", "a family with a density")

    @classmethod
    def from_tensors(cls, options: Mapping[str, object], tensors: Mapping[str, np.ndarray]) -> Self:
        """See `ConditionalModel.from_tensors`."""
        model = super().from_tensors(options, tensors)
        _ = model._tree  # built at loading, not in the first answer
        return model

    @cached_property
    def _tree(self) -> cKDTree:
        contexts = self._tensors["contexts"].astype(np.float64)
        parts = [self._keys(contexts[i : i + CHUNK]) for i in range(0, len(contexts), CHUNK)]
        return cKDTree(np.concatenate(parts))

    def _keys(self, contexts: np.ndarray) -> np.ndarray:
        """Return the keys (B, f) of contexts (B, dc)."""
        return self._features(np.asarray(contexts, np.float64))[0] * self._weights


def _weights(entries: Sequence[tuple[str, int]]) -> np.ndarray:
    """Return the weight (f,) of each feature: positions and vectors 1, rotation columns less."""
    parts = []
    for kind, size in entries:
        rotation = [ROTATION_WEIGHT] * 6
        parts.append(
            {"pose": [1.0] * 3 + rotation, "orientation": rotation}.get(kind, [1.0] * size)
        )
    return np.concatenate(parts)
