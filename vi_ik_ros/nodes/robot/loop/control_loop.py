# SPDX-License-Identifier: Apache-2.0
"""One control period after the other, whoever calls for them: a timer or sim/step."""

from collections.abc import Callable

from rclpy.task import Future

from vi_ik_ros.nodes.robot.backends.backend import Backend
from vi_ik_ros.nodes.robot.parameters import RobotInterfaceParameters
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.plant import PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.wrapped.jointed_plant import JointedPlant
from vi_ik_ros.skills.plants.wrapped.tared_plant import TaredPlant

Watcher = Callable[[TickResult], bool]


class ControlLoop:
    """A plant behind its gate, and whether commands are let through.

    Whoever uses it does so from one thread at a time; `stop` may come from another one.

    Args:
        backend: what is behind.
        settings: limits.

    Attributes:
        tared: the plant with the sensor's zero.
        jointed: the plant with the arm's joints.
        result: the newest, None before the first.
        is_armed: whether the plant would move.
        is_enabled: whether commands are taken; else the tool is held.
        stop_fault: a stop that somebody asked for, latched.
        override: what is done in place of commands while a call is carried out.
    """

    def __init__(self, backend: Backend, settings: RobotInterfaceParameters) -> None:
        self._backend = backend
        self.tared = TaredPlant(backend.plant)
        self.jointed = JointedPlant(
            self.tared,
            backend.robot,
            backend.T_flange_tcp,
            least_singular_value=settings.least_singular_value,
        )
        self._gate = SafetyGate(self.jointed, settings.limits(backend.scene))
        self._was_reset = False
        self._idle = PlantState.READY
        self._command: Twist | None = None
        self._watchers: list[tuple[Watcher, Future]] = []
        self.result: TickResult | None = None
        self.is_armed = self.is_enabled = False
        self.stop_fault: Fault | None = None
        self.override: Twist | None = None
        self.control_period = self._gate.control_period
        self.wrench_period = self._gate.wrench_period

    @property
    def fault(self) -> Fault | None:
        """What is latched: the first fault, or a stop."""
        if self.result is not None and self.result.faults:
            return self.result.faults[0]
        return self.stop_fault

    @property
    def state(self) -> PlantState:
        """What is done with commands."""
        if self.result is not None and self.result.faults:
            return PlantState.FAULT
        return self.result.state if self.is_enabled and self.result else self._idle

    def command(self, twist: Twist) -> bool:
        """Take the command of the next period; return whether commands are taken at all."""
        if self.is_enabled:
            self._command = twist
        return self.is_enabled

    def tick(self) -> TickResult:
        """Let one control period pass."""
        twist, self._command = self._command, None
        if not self._was_reset:
            result = self.jointed.tick(None)
        elif self.is_enabled or not self.is_armed:
            result = self._gate.tick(twist)
        else:
            result = self._gate.tick(self.override or Twist.zero())
        self.result = result
        if result.faults:
            self.is_enabled = False
            self.is_armed = self.is_armed and self._backend.is_simulation
        waiting, self._watchers = self._watchers, []
        for watcher, future in waiting:
            if watcher(result):
                future.set_result(result)
            else:
                self._watchers.append((watcher, future))
        return result

    def watch(self, watcher: Watcher) -> Future:
        """Return what ends after the control period for whose result the watcher is true."""
        future: Future = Future()
        self._watchers.append((watcher, future))
        return future

    def arm(self, seed: int = 0, scene: Scene | None = None) -> TickResult:
        """Reset the plant, which may take long; commands are not let through yet."""
        self.is_enabled = False
        result = self._gate.reset(seed, scene)
        self._was_reset, self._idle = True, PlantState.READY
        self.is_armed = not result.faults
        if self._backend.is_simulation:
            self.stop_fault = None
        self.result = result
        return result

    def enable(self) -> None:
        """Let commands through from now on."""
        self.is_enabled, self._command = True, None

    def disable(self) -> None:
        """Hold the tool; the stream to a robot ends, and enabling arms it again where it is."""
        self.is_enabled, self._idle = False, PlantState.HOLD
        if not self._backend.is_simulation:
            self.end_stream()

    def end_stream(self) -> None:
        """Stand still until it is armed again."""
        self._gate.stop()
        self.is_armed = False

    def stop(self, why: str) -> None:
        """Stand still, and stay so until `clear_fault`."""
        self._gate.stop()
        self.is_armed = self.is_enabled = False
        self._idle = PlantState.HOLD
        if self.stop_fault is None:
            self.stop_fault = Fault(FaultKind.OPERATOR_STOP, why)

    def clear_fault(self) -> TickResult:
        """Forget a stop, and leave FAULT if its cause is gone; it may take long."""
        (self._gate if self._was_reset else self.jointed).clear_fault()
        self.stop_fault = None
        return self.tick()

    def close(self) -> None:
        """Hold the tool, and let go."""
        self.is_enabled = self.is_armed = False
        self._gate.stop()
        self._gate.close()
