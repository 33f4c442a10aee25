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

    def follow(self, T_base_reference: np.ndarray) -> None:
        """Take a new reference (4, 4) of the tool centre point."""
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
        return self._result([], [])

    def tick(self, twist: Twist | None) -> TickResult:
        """Move for one control period.

        Args:
            twist: the velocity; None: no command has come.
        """
        if self._is_armed:
            self._state = PlantState.HOLD if twist is None else PlantState.ACTIVE
            self._waiting.append(Twist.zero() if twist is None else twist)
            self._move_reference(self._waiting.popleft())
        wrenches, times = [], []
        end = self._steps + self._steps_per_tick
        while self._steps < end:
            sample = (self._steps // self._steps_per_sample + 1) * self._steps_per_sample
            until = min(sample, end)
            self._contact.advance(until - self._steps)
            self._steps = until
            if until == sample:
                noise = self._noise.normal(size=6) * self._noise_std
                wrenches.append(self._contact.wrench() + noise)
                times.append(until * self._time_step)
        return self._result(wrenches, times)

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
        self._T_base_reference = pose_to_matrix(np.array(drawn.start))
        self._contact.place(drawn, self._time_step)
        self._contact.follow(self._T_base_reference)

    def _move_reference(self, twist: Twist) -> None:
        """Add the displacement and the rotation of one period."""
        T, h = self._T_base_reference, self.control_period
        twist = twist.in_base(T[:3, :3])
        T[:3, 3] += twist.linear * h
        T[:3, :3] = exp_so3(twist.angular * h) @ T[:3, :3]
        self._contact.follow(T)

    def _result(self, wrenches: list[np.ndarray], times: list[float]) -> TickResult:
        """Tell the end of a tick."""
        time = self._steps * self._time_step
        return TickResult(
            time=time,
            wrenches=np.array(wrenches).reshape(-1, 6),
            wrench_times=np.array(times),
            T_base_tcp=self._contact.T_base_tcp(),
            pose_time=time,
            state=self._state,
        )
