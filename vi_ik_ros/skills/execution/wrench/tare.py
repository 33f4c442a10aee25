# SPDX-License-Identifier: Apache-2.0
"""The zero of the sensor, measured at rest."""

import math

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.wrench.tool_load import ToolLoad
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings
from vi_ik_ros.skills.plants.plant import TickResult

NOISE_FACTOR = 3.0  # deviations of a force axis beyond this times the sensor's noise are no rest


class Tare:
    """Collects samples tick by tick until their mean can be taken for the zero.

    Args:
        settings: duration and limits.
        T_tcp_sensor: (4, 4) the sensor in the frame of the tool centre point.
        wrench_period: between two samples [s].
        load: of the tool, taken away first; None: none known.
    """

    def __init__(
        self,
        settings: WrenchSettings,
        T_tcp_sensor: np.ndarray,
        wrench_period: float,
        load: ToolLoad | None = None,
    ) -> None:
        self._settings, self._load = settings, load
        self._R_tcp_sensor = T_tcp_sensor[:3, :3]
        self._needed = max(2, round(settings.tare_duration / wrench_period))
        self._samples: list[np.ndarray] = []
        self._num_samples = 0
        self._first: np.ndarray | None = None
        self._travel = self._turn = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether there are enough samples."""
        return self._num_samples >= self._needed

    def add(self, result: TickResult) -> None:
        """Take the samples and the pose of one tick."""
        wrenches, T = result.wrenches, result.T_base_tcp
        if self._load is not None:
            wrenches = wrenches - self._load.wrench(T[:3, :3] @ self._R_tcp_sensor)
        self._samples.append(wrenches)
        self._num_samples += len(wrenches)
        if self._first is None:
            self._first = T
        self._travel = max(self._travel, float(np.linalg.norm(T[:3, 3] - self._first[:3, 3])))
        chord = float(np.linalg.norm(T[:3, :3] - self._first[:3, :3])) / math.sqrt(2.0)
        self._turn = max(self._turn, chord)  # the angle, while it is small

    def bias(self) -> np.ndarray:
        """Return the zero (6,) in the frame of the sensor, the load not included [N, Nm].

        Raises:
            InvalidInput: too few samples, or the tool moved, shook, or touched something.
        """
        samples, settings = np.concatenate([np.empty((0, 6)), *self._samples]), self._settings
        if not self.is_complete:
            raise InvalidInput("tare: samples", len(samples), f"at least {self._needed}")
        if not np.isfinite(samples).all():
            raise InvalidInput("tare: samples", "one that is no number", "finite wrenches")
        mean = samples.mean(axis=0)
        most = NOISE_FACTOR * settings.force_noise
        for axis, std in zip("xyz", samples[:, :3].std(axis=0).tolist(), strict=True):
            _refuse_above(f"deviation of force {axis} [N]", std, most, "a tool at rest")
        _refuse_above("travel [m]", self._travel, settings.tare_travel, "a tool at rest")
        _refuse_above("turn [rad]", self._turn, settings.tare_turn, "a tool at rest")
        force = float(np.linalg.norm(mean[:3]))
        expected = "a tool that touches nothing, and no load that is not told of"
        _refuse_above("mean force [N]", force, settings.tare_force, expected)
        return mean


def _refuse_above(name: str, value: float, most: float, expected: str) -> None:
    """Refuse a measured value that is too large."""
    if value > most:
        raise InvalidInput(f"tare: {name}", f"{value:.3g}", f"at most {most:.3g}: {expected}")
