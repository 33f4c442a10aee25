# SPDX-License-Identifier: Apache-2.0
"""Tell contexts that a model was never trained on from those that it was."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from vi_ik_ros.exceptions import ContextError
from vi_ik_ros.kinematics.pose import quaternion_to_matrix

MAX_REFERENCES = 10_000
NUM_NEIGHBOURS = 10
QUANTILE = 0.999  # of the leave-one-out distances
ORIENTATION_WEIGHT = 0.15  # of a rotation-matrix entry against a position in its own spread
SIZES = {"pose": 7, "position": 3}  # of a context entry; other kinds are taken as they are


@dataclass(frozen=True)
class Novelty:
    """Mean feature distance to the nearest stored training contexts, and what is normal of it.

    The features of a pose are its position, in units of the training positions' spread, and two
    columns of its rotation matrix, so a quaternion and its negative are the same pose.

    Attributes:
        threshold: Distance above which a context counts as out of distribution.
    """

    kinds: tuple[tuple[str, int], ...]
    center: np.ndarray
    scale: np.ndarray
    threshold: float
    _tree: cKDTree

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
        features, groups = _features(contexts, kinds)
        center = features.mean(axis=0)
        scale = _scales(features - center, groups)
        scaled = (features - center) * scale
        tree = cKDTree(scaled)
        # Each context finds itself first, at distance 0: leave it out.
        distances, _ = tree.query(scaled, k=NUM_NEIGHBOURS + 1)
        threshold = float(np.quantile(distances[:, 1:].mean(axis=1), QUANTILE))
        return cls(tuple(kinds), center, scale, threshold, tree)

    def distance(self, contexts: np.ndarray) -> np.ndarray:
        """Return the mean distance (B,) of contexts (B, dc) to their nearest training contexts."""
        features, _ = _features(np.asarray(contexts, dtype=np.float64), self.kinds)
        distances, _ = self._tree.query((features - self.center) * self.scale, k=NUM_NEIGHBOURS)
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
        if kind == "pose":
            columns = quaternion_to_matrix(entry[:, 3:])[:, :, :2]
            parts += [entry[:, :3], columns.swapaxes(1, 2).reshape(-1, 6)]
            groups += [("spread", 3), ("rotation", 6)]
        else:
            parts.append(entry)
            groups.append(("spread", size))
    return np.concatenate(parts, axis=1), groups


def _scales(centered: np.ndarray, groups: list[tuple[str, int]]) -> np.ndarray:
    """Return the factor of each feature: one over the root mean square of its group."""
    scales, start = [], 0
    for name, size in groups:
        spread = np.sqrt((centered[:, start : start + size] ** 2).mean())
        start += size
        factor = ORIENTATION_WEIGHT if name == "rotation" else 1.0 / max(spread, 1e-12)
        scales.append(np.full(size, factor))
    return np.concatenate(scales)
