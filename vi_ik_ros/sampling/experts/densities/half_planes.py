# SPDX-License-Identifier: Apache-2.0
"""Half-planes that bound a value: directions as they stand in a file, or a convex polygon."""

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from vi_ik_ros.sampling.experts.fields import Fields, is_list

Rows = tuple[tuple[float, ...], ...]


def read_directions(fields: Fields, size: int) -> Rows:
    """Read `directions`, a list of vectors w (size,) none of which is zero.

    The bounds are those of w^T v, as written: w is not normalised.
    """
    value = fields.values["directions"]
    if not is_list(value) or not value:
        fields.fail("directions", f"a list of directions of {size} numbers each")
    rows: list[tuple[float, ...]] = []
    for index, row in enumerate(value):
        key = f"directions[{index}]"
        item = Fields({key: row}, fields.path)
        direction = item.numbers(key, size)
        if direction is None or not any(direction):
            item.fail(key, f"a direction of {size} numbers that are not all 0")
        rows.append(direction)
    return tuple(rows)


def read_polygon(fields: Fields) -> tuple[Rows, tuple[float, ...]]:
    """Read `polygon`, the corners (x, y) of a convex region in any order.

    Returns:
        outward unit normals w of the sides, and the bounds b: inside, w^T v <= b for all sides.
    """
    value, expected = fields.values["polygon"], "at least 3 corners [x, y] that are not in a line"
    if not is_list(value) or len(value) < 3:
        fields.fail("polygon", expected)
    corners = [
        Fields({f"polygon[{index}]": corner}, fields.path).numbers(f"polygon[{index}]", 2)
        for index, corner in enumerate(value)
    ]
    try:
        sides = np.unique(ConvexHull(np.array(corners)).equations.round(12) + 0.0, axis=0)
    except QhullError:
        fields.fail("polygon", expected)
    normals = tuple(tuple(float(entry) for entry in side[:2]) for side in sides)
    return normals, tuple(float(-side[2]) for side in sides)
