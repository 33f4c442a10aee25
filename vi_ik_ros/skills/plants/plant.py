# SPDX-License-Identifier: Apache-2.0
"""The one protocol of everything that a skill can touch: a robot, or a simulation of one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

import numpy as np

from vi_ik_ros.skills.plants.faults import Fault
from vi_ik_ros.skills.plants.scene import Scene

FRAMES = ("base_link", "tcp")  # of twists


class PlantState(StrEnum):
    """What a plant does with commands."""

    READY = "ready"  # not armed: none is carried out
    ACTIVE = "active"  # carried out
    HOLD = "hold"  # none has come for a while, or stopped: the tool stands still
    FAULT = "fault"  # latched until it is cleared


@dataclass(frozen=True)
class Twist:
    """A desired velocity of the tool centre point.

    Attributes:
        linear: (3,) [m/s].
        angular: (3,) [rad/s].
        frame: whose axes both are along: `base_link` or `tcp`.
    """

    linear: np.ndarray
    angular: np.ndarray
    frame: str = "base_link"

    @classmethod
    def zero(cls) -> Self:
        """Return the twist of a tool that stands still."""
        return cls(np.zeros(3), np.zeros(3))

    def in_base(self, R_base_tcp: np.ndarray) -> "Twist":
        """Return the same velocity along the axes of `base_link`.

        Args:
            R_base_tcp: (3, 3) orientation of the tool centre point.
        """
        if self.frame == "base_link":
            return self
        return Twist(R_base_tcp @ self.linear, R_base_tcp @ self.angular)


@dataclass(frozen=True)
class TickResult:
    """What a plant tells at the end of a tick.

    Attributes:
        time: of the plant's clock [s].
        wrenches: (n, 6) since the last tick, oldest first: force [N] and torque [Nm] that the
            environment exerts on the tool, in the frame of the sensor.
        wrench_times: (n,) of the same clock [s].
        T_base_tcp: (4, 4) pose of the tool centre point.
        pose_time: when that was so [s].
        state: what the plant does with commands now.
        q: (nq,) configuration [rad], None of a plant without joints.
        faults: latched, the first one first; empty unless the state is FAULT.
        saturated: whether the command was shortened to stay inside a limit.
    """

    time: float
    wrenches: np.ndarray
    wrench_times: np.ndarray
    T_base_tcp: np.ndarray
    pose_time: float
    state: PlantState
    q: np.ndarray | None = None
    faults: tuple[Fault, ...] = ()
    saturated: bool = False


class Plant(Protocol):
    """A tool that moves by small Cartesian deviations and feels what it touches.

    In lock-step the caller of `tick` owns time: nothing sleeps. Behind a node the same calls come
    from a timer.
    """

    control_period: float  # [s] between two ticks
    wrench_period: float  # [s] between two samples of the wrench

    def reset(self, seed: int, scene: Scene | None = None) -> TickResult:
        """Bring the tool to where episodes start, and arm it.

        Args:
            seed: of everything random in the episode to come.
            scene: another one from now on; None: the same.
        """
        ...

    def tick(self, twist: Twist | None) -> TickResult:
        """Move for one control period.

        Args:
            twist: the velocity; None: no command has come.
        """
        ...

    def stop(self) -> None:
        """Stand still and take no command until the next `reset`."""
        ...

    def clear_fault(self) -> None:
        """Leave FAULT, if its cause is gone; connections that were lost are made again."""
        ...

    def close(self) -> None:
        """Let go of everything, at rest."""
        ...
