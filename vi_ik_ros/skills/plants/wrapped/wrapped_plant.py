# SPDX-License-Identifier: Apache-2.0
"""What all plants around another plant share."""

from abc import ABC, abstractmethod

from vi_ik_ros.skills.plants.plant import Plant, TickResult, Twist
from vi_ik_ros.skills.plants.scene import Scene


class WrappedPlant(ABC):
    """A plant that passes everything on and looks at what comes back.

    Args:
        plant: the one inside.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._take_periods()

    @abstractmethod
    def _seen(self, result: TickResult) -> TickResult:
        """Return what is told outside about the end of a tick."""

    def reset(self, seed: int, scene: Scene | None = None) -> TickResult:
        """See Plant."""
        result = self._plant.reset(seed, scene)
        self._take_periods()
        return self._seen(result)

    def tick(self, twist: Twist | None) -> TickResult:
        """See Plant."""
        return self._seen(self._plant.tick(twist))

    def stop(self) -> None:
        """See Plant."""
        self._plant.stop()

    def clear_fault(self) -> None:
        """See Plant."""
        self._plant.clear_fault()

    def close(self) -> None:
        """See Plant."""
        self._plant.close()

    def _take_periods(self) -> None:
        """Take over the periods of the plant inside, which another scene may change."""
        self.control_period = self._plant.control_period
        self.wrench_period = self._plant.wrench_period
