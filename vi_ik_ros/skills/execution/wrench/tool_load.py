# SPDX-License-Identifier: Apache-2.0
"""What a sensor feels of the tool itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from vi_ik_ros.exceptions import InvalidInput

GRAVITY = np.array([0.0, 0.0, -9.80665])  # [m/s^2], in base_link of a robot that stands upright
LEAST_ORIENTATIONS = 6
LEAST_SPREAD = (
    0.05  # smallest singular value to the largest; tilts of 10 degrees to all sides have it
)


@dataclass(frozen=True)
class ToolLoad:
    """The mass below the sensor, and what the sensor shows without it.

    Attributes:
        mass: [kg].
        center_of_mass: (3,) in the frame of the sensor [m].
        bias: (6,) in the frame of the sensor [N, Nm].
    """

    mass: float
    center_of_mass: np.ndarray
    bias: np.ndarray = field(default_factory=lambda: np.zeros(6))

    def __post_init__(self) -> None:
        """Refuse what is no load."""
        if not (math.isfinite(self.mass) and self.mass >= 0.0):
            raise InvalidInput("load.mass", self.mass, "a mass of at least 0 kg")
        for name, size in (("center_of_mass", 3), ("bias", 6)):
            value = np.asarray(getattr(self, name), dtype=float)
            if value.shape != (size,) or not np.isfinite(value).all():
                raise InvalidInput(f"load.{name}", value.tolist(), f"{size} finite numbers")
            object.__setattr__(self, name, value)

    def wrench(self, R_base_sensor: np.ndarray) -> np.ndarray:
        """Return what the sensor shows when nothing touches the tool.

        Args:
            R_base_sensor: (3, 3) orientation of the sensor.

        Returns:
            (6,) in its frame and its own sign: that of the environment on the tool [N, Nm].
        """
        x, y, z = (self.mass * (GRAVITY @ R_base_sensor)).tolist()
        cx, cy, cz = self.center_of_mass.tolist()
        return self.bias + (x, y, z, cy * z - cz * y, cz * x - cx * z, cx * y - cy * x)


def identify(R_base_sensor: Sequence[np.ndarray], wrenches: Sequence[np.ndarray]) -> ToolLoad:
    """Find the load from static measurements, by least squares.

    Args:
        R_base_sensor: at least 6 orientations (3, 3), some tilted against others.
        wrenches: (6,) at each, mean of raw samples with nothing touched [N, Nm].
    """
    R, measured = np.asarray(R_base_sensor, dtype=float), np.asarray(wrenches, dtype=float)
    count = len(R)
    if count < LEAST_ORIENTATIONS or R.shape != (count, 3, 3):
        expected = f"at least {LEAST_ORIENTATIONS} matrices (3, 3)"
        raise InvalidInput("orientations", list(R.shape), expected)
    if measured.shape != (count, 6) or not (np.isfinite(measured).all() and np.isfinite(R).all()):
        raise InvalidInput("wrenches", list(measured.shape), f"{count} finite wrenches (6)")
    g = float(np.linalg.norm(GRAVITY))
    A = _regressors(GRAVITY / g @ R)
    singular = np.linalg.svd(A, compute_uv=False)
    if singular[-1] < LEAST_SPREAD * singular[0]:
        expected = f"at least {LEAST_SPREAD:g}: tilts of the sensor that differ more"
        raise InvalidInput("orientations: spread", round(singular[-1] / singular[0], 4), expected)
    weight, *moment_and_bias = np.linalg.lstsq(A, measured.ravel(), rcond=None)[0].tolist()
    if weight <= 0.0:
        expected = "a positive one; has the sensor the sign of the environment on the tool?"
        raise InvalidInput("identified mass [kg]", round(weight / g, 4), expected)
    moment, bias = np.array(moment_and_bias[:3]), np.array(moment_and_bias[3:])
    return ToolLoad(weight / g, moment / weight, bias)


def _regressors(down: np.ndarray) -> np.ndarray:
    """Return what maps weight, weight times centre of mass, and bias to all wrenches.

    Args:
        down: (N, 3) unit vectors of gravity in the frame of the sensor.

    Returns:
        (6 N, 10).
    """
    A = np.zeros((len(down), 6, 10))
    A[:, :3, 0] = down
    x, y, z = down.T
    A[:, 3, 2], A[:, 3, 3] = z, -y  # moment x down
    A[:, 4, 1], A[:, 4, 3] = -z, x
    A[:, 5, 1], A[:, 5, 2] = y, -x
    A[:, :, 4:] = np.eye(6)
    return A.reshape(-1, 10)
