# SPDX-License-Identifier: Apache-2.0
"""Whether what the controller says of itself is fresh, and lets the tool be moved."""

import numpy as np

from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.wire.controller_state import (
    ControllerState,
    ControllerStatus,
    Selector,
)
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.vectors.rotation_vectors import log_so3

_CLOCK_DRIFT = 1e-4  # of the two clocks against each other, at most: 9 s a day
_WILLING = (ControllerStatus.READY, ControllerStatus.MOVING, ControllerStatus.SUCCEEDED)
_SWITCHED_ON = Selector.DRIVE_ON | Selector.START


class StateWatch:
    """Keeps the newest state of one connection.

    Attributes:
        state: the newest, None until one has come.
        arrival: when that was read [s]; minus infinity before.
    """

    def __init__(self, parameters: ComauParameters, begin: float) -> None:
        """Watch from now on.

        Args:
            parameters: with the limits.
            begin: the time now [s]; from then on states are expected.
        """
        self._parameters = parameters
        self._begin = begin
        self._least_lag = np.inf  # between both clocks [s]
        self._lag = np.inf
        self._step = 0.0  # of the flange between two states [m], the largest since asked
        self.state: ControllerState | None = None
        self.arrival = -np.inf

    def take(self, state: ControllerState, now: float) -> None:
        """Keep a state that was just read."""
        if self.state is not None:
            moved = state.T_base_flange[:3, 3] - self.state.T_base_flange[:3, 3]
            self._step = max(self._step, float(np.linalg.norm(moved)))
            self._least_lag += _CLOCK_DRIFT * (now - self.arrival)
        self._lag = now - self._parameters.controller_clock * state.time
        self._least_lag = min(self._least_lag, self._lag)
        self.state, self.arrival = state, now

    def stale(self, now: float) -> Fault | None:
        """Tell whether states fail to come, or come with an old date."""
        limit = self._parameters.pose_timeout
        silence = now - max(self.arrival, self._begin)
        if silence > limit:
            text = f"no state for {silence:.3f} s, allowed are {limit:g} s"
            return Fault(FaultKind.STALE_POSE, text)
        unit = self._parameters.controller_clock
        age = self._lag - self._least_lag
        if self.state is not None and unit > 0.0 and age > unit + limit:
            text = f"the state's own time lags by {age:.2f} s, allowed are {unit + limit:g} s"
            return Fault(FaultKind.STALE_POSE, text)
        return None

    def jump(self) -> Fault | None:
        """Tell whether the flange has moved between two states as no deviation moves it."""
        step, self._step = self._step, 0.0
        limit = self._parameters.max_pose_step
        if step > limit:
            text = f"the flange jumped by {step:.4f} m between two states, allowed are {limit:g} m"
            return Fault(FaultKind.TRANSPORT, text)
        return None

    def lag(self, T_base_flange: np.ndarray) -> Fault | None:
        """Tell whether the flange is too far from where it was sent, (4, 4)."""
        if self.state is None:
            return None
        T, p = self.state.T_base_flange, self._parameters
        position = float(np.linalg.norm(T[:3, 3] - T_base_flange[:3, 3]))
        angle = float(np.linalg.norm(log_so3(T_base_flange[:3, :3].T @ T[:3, :3])))
        if position <= p.max_lag and angle <= p.max_lag_angle:
            return None
        text = f"the flange is {position:.4f} m, {angle:.4f} rad from where it was sent"
        allowed = f"allowed are {p.max_lag:g} m, {p.max_lag_angle:g} rad"
        return Fault(FaultKind.CONTROLLER, f"{text}, {allowed}")

    def unwilling(self) -> Fault | None:
        """Tell why the controller would not move the tool."""
        state = self.state
        if state is None:
            return Fault(FaultKind.STALE_POSE, "no state has come yet")
        if state.errors:
            text = f"the controller reports {state.errors.name} ({int(state.errors):#x})"
            return Fault(FaultKind.CONTROLLER, text)
        if state.status not in _WILLING:
            text = f"the controller's status is {state.status} ({state.status.name.lower()})"
            return Fault(FaultKind.CONTROLLER, text)
        if _SWITCHED_ON not in state.selector:
            missing = (_SWITCHED_ON & ~state.selector).name
            return Fault(FaultKind.CONTROLLER, f"the robot's {missing} is off")
        return None
