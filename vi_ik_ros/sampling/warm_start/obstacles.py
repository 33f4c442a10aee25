# SPDX-License-Identifier: Apache-2.0
"""The obstacles of one request: read, and turned into an expert that weighs configurations."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.special import log_ndtr

from vi_ik_ros.exceptions import ObjectiveError, RequestError
from vi_ik_ros.kinematics.collisions.solids import Box, HalfSpace, Solid, Sphere
from vi_ik_ros.sampling.experts.fields import Fields

STD = 0.01  # [m] of the expert: how soon more distance is worth no more
KEYS = {"sphere": ("center", "radius"), "box": ("pose", "size"), "half_space": ("point", "normal")}


class ObstacleExpert:
    """A normal CDF of the distance d of the whole robot: log Phi((d - margin) / std).

    What comes nearer than the margin has no density at all.
    """

    def __init__(self, distance: Callable[[np.ndarray], np.ndarray], margin: float) -> None:
        """Keep what measures.

        Args:
            distance: maps configurations (N, nq) to distances (N,) [m].
            margin: [m].
        """
        self._distance, self._margin = distance, margin

    def log_weight(self, q: np.ndarray) -> np.ndarray:
        """Return the log density (N,) of configurations (N, nq), at most 0."""
        room = self._distance(q) - self._margin
        return np.where(room > 0.0, log_ndtr(room / STD), -np.inf)


def read_obstacles(values: Sequence[Mapping[str, object]]) -> tuple[Solid, ...]:
    """Read obstacles as an objectives file writes them.

    Raises:
        RequestError: it names the obstacle and its key.
    """
    try:
        return tuple(_solid(item) for item in Fields({"obstacles": values}).children("obstacles"))
    except ObjectiveError as error:
        raise RequestError(error.field, error.value, error.expected) from None


def _solid(fields: Fields) -> Solid:
    """Read one obstacle."""
    kind = fields.name("type", tuple(KEYS))
    fields.allow("type", *KEYS[kind])
    if kind == "sphere":
        return Sphere(_numbers(fields, "center"), *fields.positive("radius", 1))
    if kind == "box":
        return Box(_pose(fields), fields.positive("size", 3))
    normal = _numbers(fields, "normal")
    if not any(normal):
        fields.fail("normal", "a direction of 3 numbers that are not all 0")
    return HalfSpace(_numbers(fields, "point"), normal)


def _numbers(fields: Fields, key: str) -> tuple[float, ...]:
    """Read a point or a direction."""
    row = fields.numbers(key, 3)
    if row is None:
        fields.fail(key, "3 finite numbers")
    return row


def _pose(fields: Fields) -> tuple[float, ...]:
    """Read x y z qx qy qz qw, or x y z of what is aligned with the root."""
    value = fields.values.get("pose")
    if isinstance(value, Sequence) and len(value) == 3:
        return (*_numbers(fields, "pose"), 0.0, 0.0, 0.0, 1.0)
    pose = fields.numbers("pose", 7, quaternion=slice(3, 7))
    if pose is None:
        fields.fail("pose", "x y z qx qy qz qw, or x y z")
    return pose
