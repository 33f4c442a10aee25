# SPDX-License-Identifier: Apache-2.0
"""From samples of a sensor to the wrench that a tool exerts on its environment."""

import math

import numpy as np

from vi_ik_ros.skills.execution.task_frame import require_rotation
from vi_ik_ros.skills.execution.wrench.history import CumulativeHistory
from vi_ik_ros.skills.execution.wrench.tool_load import ToolLoad
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings
from vi_ik_ros.skills.plants.plant import TickResult


class WrenchFilter:
    """Turns raw samples into forces at the tool centre point, along the task frame.

    Plants carry the wrench of the environment on the tool. Here, and nowhere else, it is negated:
    pushing along an axis of the task frame is positive. Load and tare are taken away before.

    The fast filter is a first-order low-pass, exact for an input that is constant between samples.
    Its time constant is 1 / (2 pi cutoff), 3.2 ms at 50 Hz; with samples T apart, slow changes
    come out `fast_delay` late, which is less: 1.1 ms at 170 Hz. It begins at the first sample.
    Orientation is taken once a tick, at its end.

    Args:
        settings: cutoff and memory.
        R_base_task: (3, 3) columns are the axes of the task frame.
        T_tcp_sensor: (4, 4) the sensor in the frame of the tool centre point.
        wrench_period: between two samples [s].
        control_period: between two ticks [s].
        load: of the tool; None: none known.
    """

    def __init__(
        self,
        settings: WrenchSettings,
        R_base_task: np.ndarray,
        T_tcp_sensor: np.ndarray,
        wrench_period: float,
        control_period: float,
        *,
        load: ToolLoad | None = None,
    ) -> None:
        self._R_base_task = require_rotation("R_base_task", R_base_task)
        self._R_tcp_sensor = require_rotation("T_tcp_sensor", T_tcp_sensor[:3, :3])
        self._to_tcp = _sensor_to_tcp(T_tcp_sensor).T
        self._load, self._zero = load, np.zeros(6)  # the zero in the sensor's frame
        self._decay = math.exp(-2.0 * math.pi * settings.fast_cutoff * wrench_period)
        self.fast_delay = wrench_period * self._decay / (1.0 - self._decay)  # [s]
        self.history = CumulativeHistory(wrench_period, control_period, settings.memory)
        self.reset()

    def reset(self) -> None:
        """Forget every sample; the tare stays."""
        self.history.clear()
        self._last: TickResult | None = None
        self._fast: tuple[float, ...] | None = None
        self.fast = np.zeros(6)  # of the tool on the environment, low-passed [N, Nm]
        self.peak_force = 0.0  # largest norm of its force among the samples of the last tick [N]

    def tare(self, bias: np.ndarray) -> None:
        """Take another zero, and forget every sample but those of the last tick.

        Args:
            bias: (6,) in the frame of the sensor, its own sign [N, Nm].
        """
        self._zero = np.array(bias, dtype=float)
        last = self._last
        self.reset()
        if last is not None:
            self.update(last)

    def update(self, result: TickResult) -> None:
        """Take the samples of one tick; without any, the filtered wrench stays as it is."""
        self._last = result
        samples = self.tool_on_environment(result).tolist()
        if samples:
            self._low_pass(samples)
            self.history.add_samples(result.wrench_times.tolist(), samples)
        if self._fast is not None:
            self.history.add_filtered(self._fast)

    def _low_pass(self, samples: list[list[float]]) -> None:
        """Filter one sample after the other; axes are written out, as most of an update is here."""
        x, y, z, rx, ry, rz = self._fast or samples[0]
        peak, keep = 0.0, self._decay
        for a, b, c, d, e, f in samples:
            x, y, z = a + keep * (x - a), b + keep * (y - b), c + keep * (z - c)
            rx, ry, rz = d + keep * (rx - d), e + keep * (ry - e), f + keep * (rz - f)
            square = x * x + y * y + z * z
            if not square <= peak:  # so that what is no number gets through
                peak = square
        self._fast = (x, y, z, rx, ry, rz)
        self.fast, self.peak_force = np.array(self._fast), math.sqrt(peak)

    def tool_on_environment(self, result: TickResult) -> np.ndarray:
        """Return the samples (n, 6) of a tick at the tool centre point, along the task frame."""
        R_base_tcp = result.T_base_tcp[:3, :3]
        zero = self._zero
        if self._load is not None:
            zero = zero + self._load.wrench(R_base_tcp @ self._R_tcp_sensor)
        at_tcp = (zero - result.wrenches) @ self._to_tcp  # (n, 6), negated
        triples = at_tcp.reshape(-1, 3) @ (R_base_tcp.T @ self._R_base_task)  # (2 n, 3)
        return triples.reshape(-1, 6)


def _sensor_to_tcp(T_tcp_sensor: np.ndarray) -> np.ndarray:
    """Return what maps a wrench (6,) at the sensor to the same one at the tool centre point.

    The torque becomes R tau - p x R f with p from the sensor to the tool centre point.
    """
    R, (x, y, z) = T_tcp_sensor[:3, :3], -T_tcp_sensor[:3, 3]
    A = np.zeros((6, 6))
    A[:3, :3] = A[3:, 3:] = R
    A[3:, :3] = -np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]) @ R
    return A
