# SPDX-License-Identifier: Apache-2.0
"""The tool has hit something on its way."""

from dataclasses import dataclass
from typing import ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import (
    INDEX,
    NOT_YET,
    Axis,
    Force,
    Grace,
    Predicate,
    Window,
)
from vi_ik_ros.skills.execution.observation import Observation


@dataclass(frozen=True)
class Impulse(Predicate):
    """The force along an axis differs from what friction makes of it, Eq. (6.6).

    Friction is the mean since `settle`, without the window that is compared with it.

    Attributes:
        axis: of the task frame.
        force: the least difference [N].
        window: of the short mean that is compared [s].
        settle: time since entry from which on friction is measured [s].
        grace: not judged before this time since entry; later than settle and window [s].
    """

    kind: ClassVar[str] = "impulse"
    unit: ClassVar[str] = "N"
    limit_field: ClassVar[str] = "force"

    axis: Axis
    force: Force
    window: Window
    settle: Grace
    grace: Grace

    def margin(self, observation: Observation) -> float:
        """Return by how much the difference is larger [N]."""
        if observation.elapsed < self.grace:
            return NOT_YET
        axis, now, history = INDEX[self.axis], observation.time, observation.history
        entered = now - observation.elapsed
        friction = history.mean_between(axis, entered + self.settle, now - self.window)
        return abs(history.mean(axis, self.window) - friction) - self.force
