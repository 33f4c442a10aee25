# SPDX-License-Identifier: Apache-2.0
"""Pieces of SDF that stand in more than one place, as text."""

from collections.abc import Iterable


def number(value: float) -> str:
    """Write a number, without the last digits that only rounding made; zero has no sign."""
    return f"{value + 0.0:.12g}"


def row(values: Iterable[float]) -> str:
    """Write numbers in one line."""
    return " ".join(number(value) for value in values)


def pose(values: Iterable[float], relative_to: str = "") -> str:
    """Write a pose x y z [m] qx qy qz qw.

    Args:
        values: the seven, or the first three: then nothing is turned.
        relative_to: name of a link; nothing: of what the pose stands in.
    """
    x, y, z, *turn = values
    where = f' relative_to="{relative_to}"' if relative_to else ""
    numbers = row([x, y, z, *(turn or [0.0, 0.0, 0.0, 1.0])])
    return f'<pose{where} rotation_format="quat_xyzw">{numbers}</pose>'


def inertial(mass: float, inertia: float, z: float = 0.0) -> str:
    """Write a mass [kg] at z [m], with the same inertia [kg m^2] about each axis."""
    moments = "".join(f"<{name}>{number(inertia)}</{name}>" for name in ("ixx", "iyy", "izz"))
    moments += "".join(f"<{name}>0</{name}>" for name in ("ixy", "ixz", "iyz"))
    rest = f"<mass>{number(mass)}</mass><inertia>{moments}</inertia>"
    return f"<inertial>{pose([0.0, 0.0, z])}{rest}</inertial>"


def visual(name: str, place: str, geometry: str, color: str) -> str:
    """Write what is seen.

    Args:
        name: of it, unlike all other names in its link.
        place: its pose.
        geometry: its shape.
        color: red green blue, from 0 to 1.
    """
    material = f"<ambient>{color} 1</ambient><diffuse>{color} 1</diffuse>"
    shape = f"<geometry>{geometry}</geometry>"
    return f'<visual name="{name}">{place}{shape}<material>{material}</material></visual>'


def solid(name: str, place: str, geometry: str, color: str, friction: float) -> str:
    """Write what is seen and touched; as for `visual`, with a coefficient of friction."""
    mu = number(friction)
    surface = f"<surface><friction><ode><mu>{mu}</mu><mu2>{mu}</mu2></ode></friction></surface>"
    shape = f"<geometry>{geometry}</geometry>"
    touched = f'<collision name="{name}">{place}{shape}{surface}</collision>'
    return touched + visual(f"{name}_seen", place, geometry, color)


def box(size: Iterable[float]) -> str:
    """Write a box with sides along x, y, z [m]."""
    return f"<box><size>{row(size)}</size></box>"


def bar(kind: str, radius: float, length: float) -> str:
    """Write a `cylinder` or a `capsule` (its round ends come on top) along z [m]."""
    sizes = f"<radius>{number(radius)}</radius><length>{number(length)}</length>"
    return f"<{kind}>{sizes}</{kind}>"


def plugin(file: str, name: str, settings: str = "") -> str:
    """Write a system of Gazebo Sim."""
    names = f'filename="gz-sim-{file}-system" name="gz::sim::systems::{name}"'
    return f"<plugin {names}>{settings}</plugin>"
