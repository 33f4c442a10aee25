# SPDX-License-Identifier: Apache-2.0
"""The plate as boxes, which every physics engine knows."""

from vi_ik_ros.skills.plants.scene.scene import Scene

Side = tuple[float, float]  # least and largest coordinate [m]


def plate_boxes(scene: Scene) -> dict[str, tuple[Side, Side, Side]]:
    """Return the boxes that leave the recess free, in the plate's frame, by name.

    No face between two of them lies across a search along x: tips catch on those.
    """
    a, b = 0.5 * scene.plate.size[0], 0.5 * scene.plate.size[1]
    w, h = 0.5 * scene.recess.width, 0.5 * scene.recess.length
    full, below = (-scene.plate.size[2], 0.0), (-scene.plate.size[2], -scene.recess.depth)
    left_right = {"left": ((-w, w), (h, b), full), "right": ((-w, w), (-b, -h), full)}
    if scene.recess.shape == "slot":
        before_behind = {"before": ((-a, -w), (-b, b), full), "behind": ((w, a), (-b, b), full)}
        return left_right | before_behind | {"floor": ((-w, w), (-h, h), below)}
    return left_right | {
        "before": ((-a, -h), (-w, w), full),
        "behind": ((h, a), (-w, w), full),
        "before_left": ((-a, -w), (w, b), full),
        "before_right": ((-a, -w), (-b, -w), full),
        "behind_left": ((w, a), (w, b), full),
        "behind_right": ((w, a), (-b, -w), full),
        "floor": ((-h, h), (-h, h), below),
    }
