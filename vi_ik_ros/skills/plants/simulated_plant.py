# SPDX-License-Identifier: Apache-2.0
"""What all simulations share: ticks and samples, transport delay, the reference, noise."""

import math
from collections import deque
from typing import Protocol

import numpy as np

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.plant import PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.scene.scene import Stream, generator
from vi_ik_ros.skills.plants.vectors.rotation_vectors import exp_so3

STEP_RATE = 850  # [Hz], least; what 50, 85 and 170 Hz divide


class Contact(Protocol):
    """The mechanics of a scene: a flange that follows a reference, a tool that may touch."""

    def place(self, scene: Scene, time_step: float) -> None:
        """Put everything where it begins, at rest.

        Args:
            scene: with the plate where it is.
            time_step: of what follows [s].
        """
        ...

    def follow(self, displacement: np.ndarray, rotation: np.ndarray) -> None:
        """Take a new reference of the tool centre point, from where the scene starts.

        Args:
            displacement: (3,) along the axes of base_link [m].
            rotation: (3, 3) about them.
        """
        ...

    def advance(self, num_steps: int) -> None:
        """Let time steps pass."""
        ...

    def wrench(self) -> np.ndarray:
        """Return force [N] and torque [Nm] (6,) of the plate on the tool, in the sensor's frame."""
        ...

    def T_base_tcp(self) -> np.ndarray:
        """Return the pose (4, 4) that the robot knows: of a tool without springs."""
        ...


class SimulatedPlant:
    """A plant in lock-step, decided by its seed and its commands alone.

    A command moves the reference at the beginning of the tick that its delay ends in. Noise is
    added outside of the mechanics, sample after sample.

    Args:
        scene: what is simulated.
        contact: its mechanics.
        refinement: whole number by which the time step is divided.
    """

    def __init__(self, scene: Scene, contact: Contact, *, refinement: int = 1) -> None:
        self.scene, self._contact, self._refinement = scene, contact, refinement
        self._steps = 0  # since the reset
        self._prepare()
        self._begin(scene, np.random.default_rng(0))
        self._state, self._is_armed = PlantState.READY, False

    def reset(self, seed: int, scene: Scene | None = None) -> TickResult:
        """Draw where the plate is and put the tool at the start.

        Args:
            seed: of the plate's pose and of the noise.
            scene: another one from now on; None: the same.
        """
        if scene is not None and scene != self.scene:
            self.scene = scene
            self._prepare()
        self._begin(self.scene.drawn(seed), generator(seed, Stream.NOISE))
        self._state, self._is_armed = PlantState.ACTIVE, True
        return self._result(np.zeros((0, 6)), np.zeros(0))

    def tick(self, twist: Twist | None) -> TickResult:
        """Move for one control period.

        Args:
            twist: the velocity; None: no command has come.
        """
        if self._is_armed:
            self._state = PlantState.HOLD if twist is None else PlantState.ACTIVE
            self._waiting.append(Twist.zero() if twist is None else twist)
            self._move_reference(self._waiting.popleft())
        end = self._steps + self._steps_per_tick
        first, last = (steps // self._steps_per_sample for steps in (self._steps, end))
        samples = self._steps_per_sample * np.arange(first + 1, last + 1)  # time steps of each
        wrenches = self._noise.normal(size=(len(samples), 6)) * self._noise_std
        for wrench, sample in zip(wrenches, samples.tolist(), strict=True):
            self._advance(sample)
            wrench += self._contact.wrench()
        self._advance(end)
        return self._result(wrenches, samples * self._time_step)

    def stop(self) -> None:
        """Stand still and take no command until the next `reset`."""
        self._state, self._is_armed = PlantState.HOLD, False

    def clear_fault(self) -> None:
        """Do nothing: a simulation has no faults of its own."""

    def close(self) -> None:
        """Stand still."""
        self.stop()

    @property
    def drawn_scene(self) -> Scene:
        """The scene of the current episode, with the plate where it is."""
        return self._drawn

    def _prepare(self) -> None:
        """Find time steps that ticks and samples are whole numbers of."""
        control_rate, sample_rate = self.scene.control_rate, self.scene.force_torque.rate
        common = math.lcm(control_rate, sample_rate)
        rate = common * math.ceil(STEP_RATE / common) * self._refinement
        self._time_step = 1.0 / rate
        self._steps_per_tick, self._steps_per_sample = rate // control_rate, rate // sample_rate
        self.control_period, self.wrench_period = 1.0 / control_rate, 1.0 / sample_rate
        sensor = self.scene.force_torque
        self._noise_std = np.repeat([sensor.force_noise, sensor.torque_noise], 3)

    def _begin(self, drawn: Scene, noise: np.random.Generator) -> None:
        """Put everything where it begins."""
        self._drawn, self._noise, self._steps = drawn, noise, 0
        self._waiting = deque(Twist.zero() for _ in range(drawn.delay_ticks))
        self._R_base_start = pose_to_matrix(np.array(drawn.start))[:3, :3]
        self._displacement, self._rotation = np.zeros(3), np.eye(3)  # of the reference
        self._contact.place(drawn, self._time_step)
        self._contact.follow(self._displacement, self._rotation)

    def _move_reference(self, twist: Twist) -> None:
        """Add the displacement and the rotation of one period."""
        twist = twist.in_base(self._rotation @ self._R_base_start)
        self._displacement += twist.linear * self.control_period
        self._rotation = exp_so3(twist.angular * self.control_period) @ self._rotation
        self._contact.follow(self._displacement, self._rotation)

    def _advance(self, until: int) -> None:
        """Let time pass up to a time step."""
        if until > self._steps:
            self._contact.advance(until - self._steps)
            self._steps = until

    def _result(self, wrenches: np.ndarray, times: np.ndarray) -> TickResult:
        """Tell the end of a tick."""
        time = self._steps * self._time_step
        return TickResult(
            time=time,
            wrenches=wrenches,
            wrench_times=times,
            T_base_tcp=self._contact.T_base_tcp(),
            pose_time=time,
            state=self._state,
        )
