# SPDX-License-Identifier: Apache-2.0
"""A plant that knows the joints of the arm which carries its tool."""

from dataclasses import replace

import numpy as np

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.plant import Plant, PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.wrapped.joint_tracker import JointTracker
from vi_ik_ros.skills.plants.wrapped.wrapped_plant import WrappedPlant

OFF = (1e-4, 1e-3)  # [m, rad] that a configuration may miss the tool by


class JointedPlant(WrappedPlant):
    """Adds the configuration by continuous inverse kinematics along the tool, and watches it.

    A plant that measures its joints keeps what it says. A joint beyond its limit, a configuration
    near a singularity, and a tool out of reach are the fault `kinematics`. It is latched until
    `clear_fault` finds its cause gone, or `reset`.

    Args:
        plant: the one inside.
        robot: the arm; its tip is the flange.
        T_flange_tcp: (4, 4) the tool centre point in the flange.
        least_singular_value: of the Jacobian in m and rad; below it a configuration is singular.

    Attributes:
        begin: (nq,) configuration that the search begins with at a reset [rad].
    """

    def __init__(
        self,
        plant: Plant,
        robot: RobotModel,
        T_flange_tcp: np.ndarray,
        *,
        least_singular_value: float = 0.02,
    ) -> None:
        super().__init__(plant)
        self._robot, self._least = robot, least_singular_value
        self._T_tcp_flange = np.linalg.inv(T_flange_tcp)
        self.begin = robot.ready.copy()
        self._tracker = JointTracker(robot, self.begin)
        self._fault: Fault | None = None
        self._last: TickResult | None = None

    def reset(self, seed: int, scene: Scene | None = None) -> TickResult:
        """Begin an episode, with the configuration near `begin`."""
        self._tracker.q, self._fault = self.begin.copy(), None
        return super().reset(seed, scene)

    def tick(self, twist: Twist | None) -> TickResult:
        """Move for one control period; not at all after a fault."""
        return super().tick(twist if self._fault is None else Twist.zero())

    def clear_fault(self) -> None:
        """Leave FAULT, if its cause is gone."""
        super().clear_fault()
        if self._last is None or self._wrong(self._last) is None:
            self._fault = None

    def _seen(self, result: TickResult) -> TickResult:
        if not np.isfinite(result.T_base_tcp).all():  # a robot that has not told yet
            return result
        self._last = result
        wrong = self._wrong(result)
        if self._fault is None and wrong is not None:
            self._fault = Fault(FaultKind.KINEMATICS, wrong)
        if self._fault is not None:
            faults = (*result.faults, self._fault)
            result = replace(result, state=PlantState.FAULT, faults=faults)
        return replace(result, q=self._tracker.q.copy())

    def _wrong(self, result: TickResult) -> str | None:
        """Find the configuration, and say what is wrong with it."""
        tracker = self._tracker
        if result.q is None:
            distance, angle = tracker.follow(result.T_base_tcp @ self._T_tcp_flange)
            if distance > OFF[0] or angle > OFF[1]:
                return f"the tool is out of reach by {distance:.4f} m, {angle:.4f} rad"
        else:
            tracker.q = np.array(result.q[: self._robot.nq])
        beyond = tracker.beyond_limit()
        if beyond is not None:
            return beyond
        least = tracker.least_singular_value()
        if least < self._least:
            return f"near a singularity: singular value {least:.4f}, at least {self._least:g}"
        return None
