# SPDX-License-Identifier: Apache-2.0
"""A controller that presses a tool down with one force, and holds all other axes."""

from collections.abc import Callable, Iterator

import numpy as np

from vi_ik_ros.skills.execution.control.control_settings import ControlSettings
from vi_ik_ros.skills.execution.control.controller import HybridForceVelocityController
from vi_ik_ros.skills.execution.control.set_values import SetValues
from vi_ik_ros.skills.execution.wrench.wrench_filter import WrenchFilter
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings
from vi_ik_ros.skills.plants.plant import Plant, Twist

FORCE = 5.0  # [N]
R_BASE_TASK = np.diag([1.0, -1.0, -1.0])  # pushes down
OPEN = 1e4  # [Hz], a filter that lets everything through
MakeController = Callable[[np.ndarray, float, ControlSettings], HybridForceVelocityController]
POSITION_NOISE = 1e-5  # [m], of the measured pose: a hundredth of a millimetre


class Pressing:
    """The loop of a plant, the wrench filter and the controller.

    Args:
        plant: pressed on, down.
        gain: K_P [m/(N s)].
        cutoff: of the fast filter [Hz].
        controller: makes another one than ours.
    """

    def __init__(
        self,
        plant: Plant,
        gain: float,
        *,
        cutoff: float = OPEN,
        controller: MakeController = HybridForceVelocityController,
    ) -> None:
        self._plant = plant
        self._filter = WrenchFilter(
            WrenchSettings(fast_cutoff=cutoff),
            R_BASE_TASK,
            np.eye(4),
            plant.wrench_period,
            plant.control_period,
        )
        self._controller = controller(R_BASE_TASK, plant.control_period, ControlSettings(ramp=0.0))
        axis = np.arange(6) == 2
        force, gains = np.where(axis, FORCE, 0.0), np.where(axis, gain, 0.0)
        self._set_values = SetValues(wrench=force, gain=gains, force_axes=axis)

    def forces(self, num_ticks: int, *, seed: int = 0, pose_noise: float = 0.0) -> Iterator[float]:
        """Yield the filtered force at the end of every control period [N].

        Args:
            num_ticks: how many.
            seed: of all noise.
            pose_noise: of the position that the controller is told [m].
        """
        rng = np.random.default_rng(seed)
        result = self._plant.reset(seed)
        self._filter.reset()
        self._controller.reset()
        self._controller.enter(self._set_values)
        for _ in range(num_ticks):
            T = result.T_base_tcp.copy()
            T[:3, 3] += pose_noise * rng.normal(size=3)
            result = self._plant.tick(self._controller.command(T, self._filter.fast))
            self._filter.update(result)
            yield float(self._filter.fast[2])


class MeasuredPoseHold(HybridForceVelocityController):
    """Holds the other axes where they are measured to be: what a deviation interface invites to.

    Args:
        R_base_task: (3, 3) columns are the axes of the task frame.
        control_period: between two commands [s].
        settings: of the controller.
        start: (3,) where the tool begins, exactly [m].
    """

    def __init__(
        self,
        R_base_task: np.ndarray,
        control_period: float,
        settings: ControlSettings,
        *,
        start: np.ndarray,
    ) -> None:
        self._start, self._period = start, control_period
        super().__init__(R_base_task, control_period, settings)

    def reset(self) -> None:
        """Begin at the start."""
        super().reset()
        self._sent = self._start.copy()

    def command(self, T_base_tcp: np.ndarray, wrench: np.ndarray) -> Twist:
        """Return the velocity that leads to the measured place, but for z."""
        twist = super().command(T_base_tcp, wrench)
        back = (T_base_tcp[:3, 3] - self._sent) / self._period
        linear = np.array([back[0], back[1], twist.linear[2]])
        self._sent += self._period * linear
        return Twist(linear, twist.angular)
