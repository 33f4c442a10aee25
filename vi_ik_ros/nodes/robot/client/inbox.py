# SPDX-License-Identifier: Apache-2.0
"""What has come from a robot, between the thread that hears it and the one that waits for it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.nodes.robot.messages.status_messages import RobotStatus

CAPACITY = 4096  # wrenches that wait for somebody who does not read
STRAGGLE = 0.004  # [s], that a wrench may come behind a later pose: each topic has its own order


@dataclass(frozen=True)
class Arrival:
    """A pose with what came before it.

    Attributes:
        number: of the pose, counted from the first one: a gap tells that one was missed.
        T_base_tcp: (4, 4).
        stamp: of the pose [ns since the epoch].
        wrenches: (n, 6) since the arrival that was taken before [N, Nm].
        stamps: (n,) of the wrenches [ns since the epoch].
    """

    number: int
    T_base_tcp: np.ndarray
    stamp: int
    wrenches: np.ndarray
    stamps: np.ndarray


class Inbox:
    """Poses, wrenches and the status, newest first to be asked for.

    Attributes:
        status: the newest, None until one has come.
        hearing: the one thread that can put things in; None: any can.
    """

    def __init__(self) -> None:
        self.hearing: int | None = None
        self._changed = threading.Condition()
        self._poses = 0
        self._pose: tuple[np.ndarray, int] | None = None
        self._wrenches: list[tuple[np.ndarray, int]] = []
        self._newest_wrench = 0  # [ns since the epoch]
        self.status: RobotStatus | None = None

    @property
    def num_poses(self) -> int:
        """Poses that have come."""
        return self._poses

    def put_pose(self, T_base_tcp: np.ndarray, stamp: int) -> None:
        """Take a pose."""
        with self._changed:
            self._poses, self._pose = self._poses + 1, (T_base_tcp, stamp)
            self._changed.notify_all()

    def put_wrench(self, wrench: np.ndarray, stamp: int) -> None:
        """Take a sample."""
        with self._changed:
            self._wrenches.append((wrench, stamp))
            self._newest_wrench = stamp
            del self._wrenches[:-CAPACITY]
            self._changed.notify_all()

    def put_status(self, status: RobotStatus) -> None:
        """Take a status."""
        with self._changed:
            self.status = status
            self._changed.notify_all()

    def wait_status(
        self, condition: Callable[[RobotStatus], bool], timeout: float
    ) -> RobotStatus | None:
        """Return the newest status once it meets a condition, or after `timeout` [s].

        Returns:
            None: none has ever come.
        """
        with self._changed:
            self._wait(lambda: self.status is not None and condition(self.status), timeout)
            return self.status

    def take(self, after: int, timeout: float, wrench_period: float = 1.0) -> Arrival | None:
        """Return the newest pose and every wrench that waits, once a new pose is there.

        Args:
            after: number of a pose; a later one is waited for.
            timeout: [s].
            wrench_period: age at that pose of the newest wrench, for which it waits shortly [s].

        Returns:
            None: no pose came.
        """
        with self._changed:
            if not self._wait(lambda: self._poses > after, timeout):
                return None
            assert self._pose is not None
            begin = self._pose[1] - round(1e9 * wrench_period)
            self._changed.wait_for(lambda: self._newest_wrench >= begin, STRAGGLE)
            waiting, self._wrenches = self._wrenches, []
            return Arrival(
                self._poses,
                *self._pose,
                np.array([wrench for wrench, _ in waiting]).reshape(-1, 6),
                np.array([stamp for _, stamp in waiting], dtype=np.int64),
            )

    def _wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        if self.hearing == threading.get_ident() and not condition():
            raise RuntimeError("whoever waits for a robot must not be the thread that hears it")
        return self._changed.wait_for(condition, timeout)
