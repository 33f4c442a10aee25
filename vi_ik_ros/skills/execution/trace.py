# SPDX-License-Identifier: Apache-2.0
"""The course of an episode: what plots, markers and recordings are made of."""

import hashlib
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.plants.plant import TickResult, Twist

RECOVERY = -1  # in place of the index of a primitive


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One control period.

    Attributes:
        primitive: index of the active one, `RECOVERY` in recovery.
        twist: what was commanded, in base_link.
        wrench: (6,) fast-filtered, of the tool on the environment, in the task frame [N, Nm].
        peak_force: largest norm of the fast-filtered force in the period [N].
        result: what the plant told at its end.
    """

    primitive: int
    twist: Twist
    wrench: np.ndarray
    peak_force: float
    result: TickResult


@dataclass(frozen=True)
class Trace:
    """The columns of all control periods of an episode, n rows.

    Attributes:
        times: (n,) of the plant's clock [s].
        primitives: (n,) index of the active primitive, `RECOVERY` in recovery.
        twists: (n, 6) commanded in base_link [m/s, rad/s].
        wrenches: (n, 6) fast-filtered, of the tool on the environment, in the task frame [N, Nm].
        peak_forces: (n,) [N].
        positions: (n, 3) of the tool centre point in base_link [m].
        raw_wrenches: (m, 6) samples of the sensor, of the environment on the tool, in its frame.
        raw_times: (m,) [s].
    """

    times: np.ndarray
    primitives: np.ndarray
    twists: np.ndarray
    wrenches: np.ndarray
    peak_forces: np.ndarray
    positions: np.ndarray
    raw_wrenches: np.ndarray
    raw_times: np.ndarray

    def digest(self) -> str:
        """Return the SHA-256 digest of every number."""
        parts = (np.ascontiguousarray(getattr(self, name)) for name in self.__dataclass_fields__)
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


class Recorder:
    """Keeps the snapshots of an episode: pass its `add` to `run_episode`."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []

    def add(self, snapshot: Snapshot) -> None:
        """Keep one control period."""
        self.snapshots.append(snapshot)

    def trace(self) -> Trace:
        """Return the columns of what was kept."""
        kept = self.snapshots
        results = [snapshot.result for snapshot in kept]
        twists = [[*s.twist.linear, *s.twist.angular] for s in kept]
        return Trace(
            times=np.array([result.time for result in results]),
            primitives=np.array([snapshot.primitive for snapshot in kept], dtype=np.int64),
            twists=np.array(twists, dtype=np.float64).reshape(-1, 6),
            wrenches=np.array([snapshot.wrench for snapshot in kept]).reshape(-1, 6),
            peak_forces=np.array([snapshot.peak_force for snapshot in kept]),
            positions=np.array([result.T_base_tcp[:3, 3] for result in results]).reshape(-1, 3),
            raw_wrenches=np.concatenate([np.empty((0, 6)), *(r.wrenches for r in results)]),
            raw_times=np.concatenate([np.empty(0), *(r.wrench_times for r in results)]),
        )
