# SPDX-License-Identifier: Apache-2.0
"""A COMAU arm as a plant: deviations out, states and wrenches in."""

from collections.abc import Callable

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.comau.clock import Clock, SteadyClock
from vi_ik_ros.skills.plants.comau.deviation import Deviation
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.session import Session
from vi_ik_ros.skills.plants.comau.wire.controller_state import ControllerState
from vi_ik_ros.skills.plants.comau.wrench_source import WrenchSource
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.plant import FRAMES, PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.scene import Scene


class ComauPlant:
    """Streams deviations to the sensor tracking of a C5G controller.

    `tick` and `stop` never wait. `reset`, `go_to_configuration` and `clear_fault` do, as long as
    the robot needs; meanwhile nothing but `stop` may be called, from another thread. After a fault
    nothing is sent any more: the controller carries out a deviation once, so silence is a stop. A
    lost connection is made again by `clear_fault` and by nothing else, and a reset does not clear
    a fault.

    Attributes:
        control_period: between two ticks [s].
        wrench_period: between two samples of the force sensor [s].
    """

    def __init__(
        self,
        parameters: ComauParameters,
        wrenches: WrenchSource,
        clock: Clock | None = None,
        robot: RobotModel | None = None,
    ) -> None:
        """Prepare; `reset` connects.

        Args:
            parameters: of the cell.
            wrenches: the force sensor, which is no part of the controller.
            clock: another one than the computer's.
            robot: the arm, for joint limits and to check the controller's pose against its joint
                angles; None: neither.
        """
        self._parameters, self._wrenches, self._robot = parameters, wrenches, robot
        self._clock = clock or SteadyClock()
        self._session: Session | None = None
        self._deviation: Deviation | None = None
        self._state = PlantState.READY
        self._faults: tuple[Fault, ...] = ()
        self._ticks = 0
        self._travels = False
        self._T_base_tcp = np.full((4, 4), np.nan)  # until a state has come
        self._q: np.ndarray | None = None
        self._pose_time = -np.inf
        self.control_period = parameters.control_period
        self.wrench_period = parameters.wrench_period

    @property
    def controller_state(self) -> ControllerState | None:
        """The newest packet of the controller, for diagnostics."""
        return self._session.watch.state if self._session else None

    def reset(self, seed: int, scene: Scene | None = None) -> TickResult:
        """Go to the start configuration, if there is one, and arm the tracking there.

        Args:
            seed: not used; nothing is random.
            scene: not used; the real one cannot be replaced.
        """
        del seed, scene
        if self._state is PlantState.FAULT:
            return self._result()
        self._disarm(PlantState.READY)
        if self._session is None and not self._connect():
            return self._result()
        start = np.array(self._parameters.start)
        if start.size:
            self.go_to_configuration(start, self._parameters.start_speed)
        self._arm()
        return self._result()

    def tick(self, twist: Twist | None) -> TickResult:
        """Send the deviation of one control period; None or a zero twist holds the tool."""
        self._attempt(self._observe)
        saturated = False
        if self._state is PlantState.ACTIVE and twist is not None:
            fault = _unusable(twist)
            if fault is None:
                assert self._deviation is not None, "armed"
                saturated = self._deviation.add(twist, self.control_period)
            else:
                self._trip(fault)
        if self._state is PlantState.ACTIVE:
            self._attempt(self._stream)
        return self._result(saturated)

    def go_to_configuration(self, q: np.ndarray, speed_scale: float) -> TickResult:
        """Go to a configuration by a joint path, and arm again what was armed.

        Args:
            q: (num_joints,) [rad].
            speed_scale: part of full speed, in (0, 1].

        Raises:
            InvalidInput: if the configuration cannot be one of this arm.
        """
        q = self._checked(np.asarray(q, dtype=np.float64), speed_scale)
        if self._state is PlantState.FAULT or (self._session is None and not self._connect()):
            return self._result()
        session, armed = self._session, self._state is PlantState.ACTIVE
        assert session is not None, "connected"
        self._disarm(PlantState.READY)
        if self._state is not PlantState.FAULT:
            self._travels = True
            self._attempt(lambda: session.follow(q, speed_scale))
            self._travels = False
        if armed:
            self._arm()
        return self._result()

    def stop(self) -> None:
        """Hold the tool until the next `reset`; a path is broken off with a fault."""
        if self._travels and self._session is not None:
            self._session.stop_asked = True
            return
        self._disarm(PlantState.HOLD)

    def clear_fault(self) -> None:
        """Leave FAULT if the controller is well; connect again if the connection was lost."""
        if self._state is not PlantState.FAULT:
            return
        well = self._attempt(self._session.recover) if self._session else self._connect()
        if well:
            self._state, self._faults = PlantState.READY, ()

    def close(self) -> None:
        """Hold the tool, and let go of the controller."""
        if self._session is not None:
            self._session.close(self._deviation.held_numbers() if self._deviation else None)
        self._session, self._deviation = None, None
        if self._state is not PlantState.FAULT:
            self._state = PlantState.READY

    def _connect(self) -> bool:
        def begin() -> Fault | None:
            self._session = Session(self._parameters, self._clock, self._robot)
            return self._session.initialize()

        return self._attempt(begin)

    def _arm(self) -> None:
        session = self._session
        if session is None or self._state is PlantState.FAULT or not self._attempt(session.arm):
            return
        assert session.watch.state is not None, "arming waits for states"
        self._deviation = Deviation(self._parameters, session.watch.state.T_base_flange)
        self._state, self._ticks = PlantState.ACTIVE, 0

    def _disarm(self, state: PlantState) -> None:
        """End the stream with a deviation that moves nothing."""
        session, deviation = self._session, self._deviation
        if self._state is PlantState.ACTIVE and session is not None and deviation is not None:
            self._attempt(lambda: session.track(deviation.held_numbers()))
        self._deviation = None
        if self._state is not PlantState.FAULT:
            self._state = state

    def _observe(self) -> Fault | None:
        """Read what has come, and tell what speaks against moving."""
        if self._session is None:
            return None
        self._session.observe()
        if self._state is not PlantState.ACTIVE:
            return None
        assert self._deviation is not None, "armed"
        T, watch = self._deviation.T_base_flange, self._session.watch
        return watch.unwilling() or watch.stale(self._clock.now()) or watch.jump() or watch.lag(T)

    def _stream(self) -> None:
        self._ticks += 1
        if self._ticks % self._parameters.ticks_per_message == 0:
            assert self._session is not None and self._deviation is not None, "armed"
            self._session.track(self._deviation.next_numbers())

    def _attempt(self, action: Callable[[], Fault | None]) -> bool:
        """Do something with the controller; tell whether it went well, and latch why not."""
        try:
            fault = action()
        except ConnectionError as error:
            fault = Fault(FaultKind.TRANSPORT, str(error))
        if fault is not None:
            self._trip(fault)
        return fault is None

    def _trip(self, fault: Fault) -> None:
        """Latch a fault; a connection that failed is not used again."""
        if fault.kind not in {other.kind for other in self._faults}:
            self._faults = (*self._faults, fault)
        self._state, self._deviation = PlantState.FAULT, None
        if fault.kind is FaultKind.TRANSPORT and self._session is not None:
            self._session.close(None)
            self._session = None

    def _result(self, saturated: bool = False) -> TickResult:
        times, wrenches = self._wrenches.read()
        state = self.controller_state
        if state is not None and self._session is not None:
            self._T_base_tcp = state.T_base_flange @ self._parameters.T_flange_tcp
            self._q = state.q[: self._parameters.num_joints]
            self._pose_time = self._session.watch.arrival
        return TickResult(
            time=self._clock.now(),
            wrenches=wrenches,
            wrench_times=times,
            T_base_tcp=self._T_base_tcp,
            pose_time=self._pose_time,
            state=self._state,
            q=self._q,
            faults=self._faults,
            saturated=saturated,
        )

    def _checked(self, q: np.ndarray, speed_scale: float) -> np.ndarray:
        shape = (self._parameters.num_joints,)
        if q.shape != shape or not np.isfinite(q).all():
            raise InvalidInput("q", q, f"finite angles of shape {shape} [rad]")
        if self._robot is not None and not self._robot.within_limits(q)[0]:
            limits = f"{self._robot.lower} to {self._robot.upper} [rad]"
            raise InvalidInput("q", q, f"angles within {limits}")
        if not 0.0 < speed_scale <= 1.0:
            raise InvalidInput("speed_scale", speed_scale, "above 0, at most 1")
        return q


def _unusable(twist: Twist) -> Fault | None:
    """Tell why a command cannot be carried out, whatever its size."""
    if twist.frame not in FRAMES:
        text = f"a command is in frame {twist.frame!r}, known are {', '.join(FRAMES)}"
        return Fault(FaultKind.FRAME, text)
    if not (np.isfinite(twist.linear).all() and np.isfinite(twist.angular).all()):
        return Fault(FaultKind.NOT_A_NUMBER, f"a command is {twist.linear}, {twist.angular}")
    return None
