# SPDX-License-Identifier: Apache-2.0
"""The numbers of the controller."""

import math
from dataclasses import asdict, dataclass

from vi_ik_ros.exceptions import InvalidInput


@dataclass(frozen=True)
class ControlSettings:
    """How set-values are carried out.

    Attributes:
        ramp: time in which new set-values replace the old ones [s].
        pose_rate: velocity per distance to a target pose [1/s].
        contact_stiffness: of tool and environment, for hints about force gains [N/m].
    """

    ramp: float = 0.04
    pose_rate: float = 4.0
    contact_stiffness: float = 30_000.0

    def __post_init__(self) -> None:
        """Refuse what is no positive number; a ramp may be 0."""
        for name, value in asdict(self).items():
            least = name == "ramp" and value == 0.0
            if not (least or (math.isfinite(value) and value > 0.0)):
                raise InvalidInput(f"control.{name}", value, "a positive number")
