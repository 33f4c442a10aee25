# SPDX-License-Identifier: Apache-2.0
"""What the springs carry, as bodies that every physics engine knows."""

from dataclasses import dataclass

from vi_ik_ros.skills.plants.scene.scene import Scene

INERTIA = 1e-4  # [kg m^2], of the tool about each axis, from halfway between sensor and tip
BLADE_HEIGHT = 0.006  # [m], of the box above the rounded edge
NARROWER, SHORTER = 0.7, 0.8  # that box beside the edge: a full one jams on the rim when turned


@dataclass(frozen=True)
class Blade:
    """A rounded edge, lowest in the tip, and the box above it; in the axes of the tool.

    Attributes:
        along: the axis of the edge, `x` or `y`.
        radius: of the edge, a capsule [m].
        reach: from its middle to the centre of either round end [m].
        box_middle: z of the box [m].
        box_half: half of its size along x, y, z [m].
    """

    along: str
    radius: float
    reach: float
    box_middle: float
    box_half: tuple[float, float, float]


def blades(scene: Scene) -> list[Blade]:
    """Return the blade along the tool's y, and that along x of a cross."""
    r, half = scene.tool.tip_radius, 0.5 * scene.tool.blade
    thin, long, high = NARROWER * r, SHORTER * half, 0.5 * BLADE_HEIGHT
    reach, middle = half - r, -(r + high)
    found = [Blade("y", r, reach, middle, (thin, long, high))]
    if scene.recess.shape == "cross":
        found.append(Blade("x", r, reach, middle, (long, thin, high)))
    return found
