# SPDX-License-Identifier: Apache-2.0
"""The parts of a scene; ranges stand in the annotations, and catch numbers in other units."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from vi_ik_ros.skills.plants.scene.reading import Quaternion, Within

Length = Annotated[float, Within(1e-5, 1.0, "m")]
Corner = Annotated[tuple[float, float, float], Within(-10.0, 10.0, "m")]
Pose = Annotated[
    tuple[float, float, float, float, float, float, float], Quaternion(-10.0, 10.0, "m")
]


@dataclass(frozen=True)
class Plate:
    """The workpiece.

    Attributes:
        pose: in base_link, of the middle of the recess on the surface, z outwards:
            x y z [m] qx qy qz qw.
        size: along its x, y, z [m]; the recess is in the middle of it.
    """

    pose: Pose
    size: Annotated[tuple[float, float, float], Within(1e-3, 1.0, "m")]


@dataclass(frozen=True)
class Recess:
    """What the tip falls into.

    Attributes:
        shape: `slot`, along the plate's y; or `cross`, one slot along x and one along y.
        width: of a slot [m].
        length: of a slot [m].
        depth: below the surface [m].
    """

    shape: Literal["slot", "cross"]
    width: Length
    length: Length
    depth: Length


@dataclass(frozen=True)
class Tool:
    """A blade on springs below the flange; its tip is the tool centre point, z out of the tool.

    Attributes:
        tip_radius: of the rounded edge [m].
        blade: length of the edge, along the tool's y; a cross has another one along x [m].
        mass: of what the springs carry [kg].
        stiffness: of the springs along the tool's x, y, z [N/m].
        damping_ratio: of the springs.
        sensor_to_tip: along z; the sensor's axes are the tool's [m].
        flange_to_tip: along z [m].
    """

    tip_radius: Length
    blade: Length
    mass: Annotated[float, Within(1e-3, 100.0, "kg")]
    stiffness: Annotated[tuple[float, float, float], Within(1e2, 1e7, "N/m")]
    damping_ratio: Annotated[float, Within(0.0, 10.0, "")]
    sensor_to_tip: Length
    flange_to_tip: Length

    @property
    def damping(self) -> tuple[float, ...]:
        """Of the springs along the tool's x, y, z [Ns/m]."""
        return tuple(2.0 * self.damping_ratio * math.sqrt(k * self.mass) for k in self.stiffness)


@dataclass(frozen=True)
class Servo:
    """How the flange follows its reference: a second-order lag with a mass.

    Attributes:
        frequency: of the undamped lag [Hz].
        damping_ratio: 1 is critical.
        mass: of the flange with all that moves with it [kg].
        inertia: about each axis [kg m^2].
    """

    frequency: Annotated[float, Within(0.1, 200.0, "Hz")]
    damping_ratio: Annotated[float, Within(0.05, 10.0, "")]
    mass: Annotated[float, Within(0.1, 1e3, "kg")]
    inertia: Annotated[float, Within(1e-3, 1e3, "kg m^2")]

    def gains(self, mass: float) -> tuple[float, float]:
        """Return the stiffness and the damping with which a mass, or an inertia, lags like this."""
        omega = 2.0 * math.pi * self.frequency
        return mass * omega**2, 2.0 * self.damping_ratio * mass * omega


@dataclass(frozen=True)
class ForceTorque:
    """The sensor.

    Attributes:
        rate: of samples [Hz].
        force_noise: standard deviation of each axis [N].
        torque_noise: the same [Nm].
    """

    rate: Annotated[int, Within(1, 10_000, "Hz")]
    force_noise: Annotated[float, Within(0.0, 100.0, "N")]
    torque_noise: Annotated[float, Within(0.0, 100.0, "Nm")]


@dataclass(frozen=True)
class Uncertainty:
    """How far the plate of an episode is from the nominal one, along and about its own axes.

    Attributes:
        x: uniform, as far to either side [m].
        y_std: normal [m].
        z_std: normal [m].
        yaw_std: normal, about z [rad].
    """

    x: Annotated[float, Within(0.0, 0.1, "m")]
    y_std: Annotated[float, Within(0.0, 0.1, "m")]
    z_std: Annotated[float, Within(0.0, 0.1, "m")]
    yaw_std: Annotated[float, Within(0.0, 1.0, "rad")]


@dataclass(frozen=True)
class Workspace:
    """A box in base_link that the tool centre point stays in.

    Attributes:
        lower: its least x, y, z [m].
        upper: its largest [m].
    """

    lower: Corner
    upper: Corner
