# SPDX-License-Identifier: Apache-2.0
"""Tell contexts that a model was never trained on from those that it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from vi_ik_ros.exceptions import ContextError
from vi_ik_ros.kinematics.pose import quaternion_to_matrix

MAX_REFERENCES = 10_000
NUM_NEIGHBOURS = 10
QUANTILE = 0.999  # of the leave-one-out distances
ORIENTATION_WEIGHT = 0.15  # of a rotation-matrix entry against a position in its own spread
LEAST_SPREAD = 1e-3  # [m, rad] of a group that hardly changes, and of what its rounding may do


@dataclass(frozen=True)
class Novelty:
    """Mean feature distance to the nearest stored training contexts, and what is normal of it.

    The features of a pose are its position, in units of the training positions' spread, and two
    columns of its rotation matrix, so a quaternion and its negative are the same pose; those of an
    orientation likewise. Other entries are taken as they are, in units of their spread. Of several
    entries each is also looked at alone, because the usual differences of the others would hide
    what is strange in one; what is farthest, in units of its own threshold, counts.

    Attributes:
        threshold: Distance above which a context counts as out of distribution.
    """

    threshold: float
    _views: "tuple[_View, ...]"

    @classmethod
    def fit(cls, contexts: np.ndarray, kinds: Sequence[tuple[str, int]]) -> "Novelty":
        """Learn what is normal from training contexts.

        Args:
            contexts: (M, dc) context rows in wire form; the first 10,000 are used.
            kinds: Kind and size of each context entry, in order: ("pose", 7), ("position", 3), ...

        Raises:
            ContextError: If there are too few contexts, or their width is not that of the entries.
        """
        contexts = np.asarray(contexts, dtype=np.float64)[:MAX_REFERENCES]
        if len(contexts) <= NUM_NEIGHBOURS:
            raise ContextError("contexts", f"{len(contexts)} rows", f"more than {NUM_NEIGHBOURS}")
        ends = np.cumsum([0, *(size for _, size in kinds)]).tolist()
        views = [_View.fit(contexts, tuple(kinds), slice(None))]
        if len(kinds) > 1:
            columns = (slice(a, b) for a, b in pairwise(ends))
            pairs = zip(kinds, columns, strict=True)
            views += [_View.fit(contexts, (kind,), part) for kind, part in pairs]
        return cls(views[0].threshold, tuple(views))

    def distance(self, contexts: np.ndarray) -> np.ndarray:
        """Return the mean distance (B,) of contexts (B, dc) to their nearest training contexts."""
        contexts = np.asarray(contexts, dtype=np.float64)
        relative = [view.distance(contexts) / view.threshold for view in self._views]
        return self.threshold * np.max(relative, axis=0)


@dataclass(frozen=True)
class _View:
    """Some columns of the training contexts, as features that a tree finds."""

    kinds: tuple[tuple[str, int], ...]
    columns: slice
    center: np.ndarray
    scale: np.ndarray
    threshold: float
    tree: cKDTree

    @classmethod
    def fit(
        cls, contexts: np.ndarray, kinds: tuple[tuple[str, int], ...], columns: slice
    ) -> "_View":
        features, groups = _features(contexts[:, columns], kinds)
        center = features.mean(axis=0)
        scale = _scales(features - center, groups)
        scaled = (features - center) * scale
        tree = cKDTree(scaled)
        # Each context finds itself first, at distance 0: leave it out.
        distances, _ = tree.query(scaled, k=NUM_NEIGHBOURS + 1)
        threshold = float(np.quantile(distances[:, 1:].mean(axis=1), QUANTILE))
        return cls(kinds, columns, center, scale, max(threshold, LEAST_SPREAD), tree)

    def distance(self, contexts: np.ndarray) -> np.ndarray:
        features, _ = _features(contexts[:, self.columns], self.kinds)
        distances, _ = self.tree.query((features - self.center) * self.scale, k=NUM_NEIGHBOURS)
        return distances.mean(axis=1)


def _features(
    contexts: np.ndarray, kinds: Sequence[tuple[str, int]]
) -> tuple[np.ndarray, list[tuple[str, int]]]:
    """Turn context rows into features; also name the groups of features that share a scale."""
    width = sum(size for _, size in kinds)
    if contexts.ndim != 2 or contexts.shape[1] != width:
        raise ContextError("context", f"shape {contexts.shape}", f"(B, {width})")
    parts, groups, start = [], [], 0
    for kind, size in kinds:
        entry = contexts[:, start : start + size]
        start += size
        turned = kind in ("pose", "orientation")
        place = entry[:, : size - 4] if turned else entry
        parts.append(place)
        groups.append(("spread", place.shape[1]))
        if turned:
            columns = quaternion_to_matrix(entry[:, -4:])[:, :, :2]
            parts.append(columns.swapaxes(1, 2).reshape(-1, 6))
            groups.append(("rotation", 6))
    return np.concatenate(parts, axis=1), groups


def _scales(centered: np.ndarray, groups: list[tuple[str, int]]) -> np.ndarray:
    """Return the factor of each feature: one over the root mean square of its group."""
    scales, start = [], 0
    for name, size in groups:
        part = centered[:, start : start + size]
        start += size
        spread = np.sqrt((part**2).sum() / max(part.size, 1))
        factor = ORIENTATION_WEIGHT if name == "rotation" else 1.0 / max(spread, LEAST_SPREAD)
        scales.append(np.full(size, factor))
    return np.concatenate(scales)
