# SPDX-License-Identifier: Apache-2.0
"""One connection to the controller: what is said to it in which order, and its answers."""

from collections.abc import Callable

import numpy as np

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.comau.clock import Clock
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.state_watch import StateWatch
from vi_ik_ros.skills.plants.comau.wire.connection import Connection
from vi_ik_ros.skills.plants.comau.wire.controller_state import ControllerState, ControllerStatus
from vi_ik_ros.skills.plants.comau.wire.packets import (
    CommandKind,
    JointNode,
    initialize_command,
    joint_path_message,
    plain_command,
    sensor_command,
    tracking_message,
)
from vi_ik_ros.skills.plants.comau.wire.units import angles_to_controller
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.vectors.rotation_vectors import log_so3

SETTLE = 0.15  # [s]: a command shows in the states at the latest then, if it is carried out
_STANDING = (ControllerStatus.READY, ControllerStatus.MOVING)  # tracking leaves it at MOVING
_POSITION_TOLERANCE = 5e-3  # [m], of the flange by its pose and by the joint angles
_ANGLE_TOLERANCE = 2e-2  # [rad], of the same, and of joints at the end of a path


class Session:
    """Three open sockets and what is known through them.

    Nothing is latched here: a dialogue that fails returns why, and every method raises
    ConnectionError once the connection is lost.

    Attributes:
        watch: the newest state.
        stop_asked: set from another thread to break off a path.
    """

    def __init__(
        self, parameters: ComauParameters, clock: Clock, robot: RobotModel | None = None
    ) -> None:
        """Connect.

        Args:
            parameters: of the controller.
            clock: the plant's.
            robot: to compare the controller's pose with its joint angles.
        """
        self._parameters, self._clock, self._robot = parameters, clock, robot
        p = parameters
        self._connection = Connection(
            p.host, p.motion_port, p.state_port, p.command_port, p.connect_timeout
        )
        self._initialized = False
        self.watch = StateWatch(parameters, clock.now())
        self.stop_asked = False

    def observe(self) -> None:
        """Read every state that has come."""
        states = self._connection.receive()
        now = self._clock.now()
        for state in states:
            self.watch.take(state, now)

    def track(self, numbers: np.ndarray) -> None:
        """Send a deviation (6,) in the controller's units."""
        self._connection.send_motion(tracking_message(self._connection.sent, numbers))

    def initialize(self) -> Fault | None:
        """Begin, as a client has to: 'I' with all settings, then 'S'."""
        fault = self._wait_for(self._has_state, "no state came", checked=False)
        if fault is None and self._state.errors:  # 'I' would hide them
            fault = self.watch.unwilling()
        if fault is None and self._state.status == ControllerStatus.PAUSED:
            fault = self.watch.unwilling()  # only a person unlocks an arm
        fault = fault or self._disagreement()
        if fault is not None:
            return fault
        number, sensor = self._connection.sent, self._parameters.sensor
        self._connection.send_command(initialize_command(number, False, sensor))
        self._settle()
        self._send(CommandKind.START)
        self._settle()
        failure = "'I' and 'S' did not make the controller ready"
        fault = self._wait_for(self._is_standing, failure)
        self._initialized = fault is None
        return fault

    def arm(self) -> Fault | None:
        """Switch tracking on, with its origin where the flange stands."""
        fault = self._wait_for(self._is_standing, "the controller did not come to rest")
        if fault is not None:
            return fault
        number, sensor = self._connection.sent, self._parameters.sensor
        self._connection.send_command(sensor_command(number, sensor))
        self._settle()
        fault = self._wait_for(
            lambda: self._state.sensor_type == sensor.type, "the sensor type was not taken"
        )
        if fault is not None:
            return fault
        # The first deviation switches the tracking on, which takes the controller 100 ms. What
        # comes meanwhile is lost or, worse, comes at once: so it is zero, and then nothing.
        self.track(np.zeros(6))
        self._pass(self._parameters.arming_time)
        fault = self._wait_for(
            lambda: self._state.status == ControllerStatus.MOVING, "tracking did not begin"
        )
        self.watch.jump()  # what the arm did before does not count
        return fault

    def follow(self, q: np.ndarray, speed_scale: float) -> Fault | None:
        """Go to a configuration by a joint path; it switches tracking off.

        Args:
            q: (num_joints,) [rad].
            speed_scale: part of full speed, in (0, 1].
        """
        fault = self._wait_for(self._is_standing, "the controller did not come to rest")
        if fault is not None:
            return fault
        target = np.array(self._state.q)  # axes that are not ours stay
        target[: len(q)] = q
        speed = max(1, round(100 * speed_scale))
        node = JointNode(angles_to_controller(target), speed, self._parameters.joint_move_type)
        self._connection.send_motion(joint_path_message(self._connection.sent, [node]))
        fault = self._wait_for(lambda: not self._is_ready(), "the path did not begin")
        limit = self._parameters.path_timeout
        fault = fault or self._wait_for(self._is_ready, "the path did not end", limit)
        if fault is not None:
            self._send(CommandKind.CANCEL)  # silence does not stop a path
            return fault
        error = float(np.abs(self._state.q - target).max())
        if error > _ANGLE_TOLERANCE:
            text = f"the path ended {error:.4f} rad away, allowed are {_ANGLE_TOLERANCE:g} rad"
            return Fault(FaultKind.CONTROLLER, text)
        return None

    def recover(self) -> Fault | None:
        """Look whether the controller is well again, and reset what is left of an error."""
        if not self._initialized:
            return self.initialize()
        self._pass(SETTLE)
        stale = self.watch.stale(self._clock.now())
        if stale is not None:
            return stale
        if self._state.errors or self._state.status == ControllerStatus.PAUSED:
            return self.watch.unwilling()
        # A deviation sets the status to moving whatever it was; only a reset tells the truth.
        self._send(CommandKind.RESET)
        self._settle()
        return self._wait_for(self._is_ready, "'R' did not make the controller ready")

    def close(self, numbers: np.ndarray | None) -> None:
        """Let go, after a last deviation that moves nothing, if one is given."""
        try:
            if numbers is not None:
                self.track(numbers)
                self._send(CommandKind.DISCONNECT)
        except ConnectionError:
            pass  # nobody is there to be told
        finally:
            self._connection.close()

    @property
    def _state(self) -> ControllerState:
        assert self.watch.state is not None, "only asked after the first state"
        return self.watch.state

    def _has_state(self) -> bool:
        return self.watch.state is not None

    def _is_ready(self) -> bool:
        return self._state.status == ControllerStatus.READY

    def _is_standing(self) -> bool:
        return self._state.status in _STANDING

    def _send(self, kind: CommandKind) -> None:
        self._connection.send_command(plain_command(self._connection.sent, kind))

    def _settle(self) -> None:
        self._pass(SETTLE)

    def _pass(self, duration: float) -> None:
        """Let a time pass while reading."""
        end = self._clock.now() + duration
        while self._clock.now() < end:
            self._clock.wait(0.5 * self._parameters.control_period)
            self.observe()

    def _wait_for(
        self,
        condition: Callable[[], bool],
        failure: str,
        limit: float | None = None,
        checked: bool = True,
    ) -> Fault | None:
        """Read until a condition holds.

        Args:
            condition: on the newest state.
            failure: what to say if it does not.
            limit: for it [s]; None: the usual one.
            checked: whether to give up as soon as the controller is not willing.
        """
        limit = limit or self._parameters.answer_timeout
        end = self._clock.now() + limit
        while True:
            self.observe()
            now = self._clock.now()
            fault = (self.watch.unwilling() or self.watch.stale(now)) if checked else None
            if self.stop_asked:
                self.stop_asked = False
                fault = Fault(FaultKind.OPERATOR_STOP, "a stop was asked for on the way")
            if fault is not None or condition():
                return fault
            if now >= end:
                return Fault(FaultKind.CONTROLLER, f"{failure} within {limit:g} s")
            self._clock.wait(0.5 * self._parameters.control_period)

    def _disagreement(self) -> Fault | None:
        """Compare the controller's pose with that of its joint angles."""
        if self._robot is None:
            return None
        T = self._robot.forward(self._state.q[: self._robot.nq])
        apart = np.linalg.inv(T) @ self._state.T_base_flange
        position = float(np.linalg.norm(apart[:3, 3]))
        angle = float(np.linalg.norm(log_so3(apart[:3, :3])))
        if position <= _POSITION_TOLERANCE and angle <= _ANGLE_TOLERANCE:
            return None
        text = (
            f"pose and joint angles of the controller differ by {position:.4f} m, {angle:.4f} rad"
        )
        return Fault(
            FaultKind.KINEMATICS, f"{text}: its frames, units or the robot model are wrong"
        )
