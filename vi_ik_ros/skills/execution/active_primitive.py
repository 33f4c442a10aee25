# SPDX-License-Identifier: Apache-2.0
"""One primitive while it is carried out."""

import math

import numpy as np

from vi_ik_ros.skills.execution.graph.predicates import ForceAbove, Predicate
from vi_ik_ros.skills.execution.graph.primitive import BoundPrimitive
from vi_ik_ros.skills.execution.observation import Observation
from vi_ik_ros.skills.execution.wrench.wrench_filter import WrenchFilter
from vi_ik_ros.skills.plants.plant import TickResult
from vi_ik_ros.skills.plants.vectors.rotation_vectors import log_so3


class ActivePrimitive:
    """What a primitive observes from its entry on, and how near it came to its errors.

    Args:
        primitive: the primitive, its parameters bound.
        entry: the state of the plant when it is entered.
        R_base_task: (3, 3) orientation of the task frame.
        p_base_origin: (3,) where travel is counted from [m]; None: from the entry.
    """

    def __init__(
        self,
        primitive: BoundPrimitive,
        entry: TickResult,
        R_base_task: np.ndarray,
        p_base_origin: np.ndarray | None = None,
    ) -> None:
        self.primitive, self.begin = primitive, entry.time
        self.peak_force = 0.0
        self.ticks = self.saturated_ticks = 0
        self.margins = {error.name: -math.inf for error in primitive.errors}
        self._R_base_task = R_base_task
        self._p_origin = entry.T_base_tcp[:3, 3] if p_base_origin is None else p_base_origin

    def observe(self, result: TickResult, wrenches: WrenchFilter) -> Observation:
        """Return what the primitive knows at the end of a control period."""
        T, target = result.T_base_tcp, self.primitive.set_values.T_base_target
        x, y, z = ((T[:3, 3] - self._p_origin) @ self._R_base_task).tolist()
        cosine = float(T[:3, 2] @ self._R_base_task[:, 2])
        distance = angle = 0.0
        if target is not None:
            distance = float(np.linalg.norm(target[:3, 3] - T[:3, 3]))
            angle = float(np.linalg.norm(log_so3(target[:3, :3] @ T[:3, :3].T)))
        return Observation(
            time=result.time,
            elapsed=result.time - self.begin,
            travel=(x, y, z),
            tilt=math.acos(min(1.0, max(-1.0, cosine))),
            position_error=distance,
            orientation_error=angle,
            peak_force=wrenches.peak_force,
            history=wrenches.history,
        )

    def count(self, result: TickResult, peak_force: float) -> None:
        """Count a control period in which it was active."""
        self.ticks += 1
        self.saturated_ticks += result.saturated
        self.peak_force = max(self.peak_force, peak_force)

    def measure(self, observation: Observation) -> Predicate | None:
        """Keep the largest margin of each error; return the first error that holds."""
        fired = None
        for error in self.primitive.errors:
            margin = error.margin(observation)
            if margin > self.margins[error.name]:
                self.margins[error.name] = margin
            if margin >= 0.0 and fired is None:
                fired = error
        return fired

    def exceed_force(self, force: float) -> None:
        """Take a force [N] that the plant itself measured and stopped at, unfiltered."""
        for error in self.primitive.errors:
            if isinstance(error, ForceAbove):
                worst = max(self.margins[error.name], force - error.limit)
                self.margins[error.name] = worst
        self.peak_force = max(self.peak_force, force)

    @property
    def saturated(self) -> float:
        """Return the share of control periods in which a command was shortened."""
        return self.saturated_ticks / max(1, self.ticks)
