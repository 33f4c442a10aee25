# SPDX-License-Identifier: Apache-2.0
"""What the programs on the controller do, as far as public sources tell: no sockets, no clock.

Each program is a generator that yields how long it sleeps [s]. They share variables as they do on
the controller, including what is awkward: one mailbox for motions, which a second message
overwrites, and one status, which every motion sets to moving.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.wire.controller_state import (
    ControllerErrors,
    ControllerState,
    ControllerStatus,
    Selector,
)
from vi_ik_ros.skills.plants.comau.wire.packets import CommandKind, MotionKind
from vi_ik_ros.skills.plants.comau.wire.units import (
    angles_from_controller,
    deviation_from_controller,
    pose_from_controller,
)
from vi_ik_ros.skills.plants.vectors.rotation_vectors import log_so3

HANDLER_SLEEP = 0.02  # [s] between two looks into the mailbox
SHOW = 0.04  # [s] that a passing status stays
ABSOLUTE = range(10, 14)


@dataclass(frozen=True)
class Motion:
    """One message of port 1101, unpacked.

    Attributes:
        kind: of it.
        numbers: (6,) deviation, (n, 10) joints [deg], (n, 6) poses [mm, deg] or (6,) joints [deg].
    """

    kind: MotionKind
    numbers: np.ndarray


class PdlPrograms:
    """The shared variables, and the programs that run on them.

    Attributes:
        status, errors, selector: as published.
        q: (nq,) [rad].
        tracking: whether deviations move the arm.
        locked: whether the arm is.
        overwritten: motions that were replaced in the mailbox before they were looked at.
        path_time: that any path takes [s].
        path_rest: that the handler sleeps after a path before it is ready again [s].
    """

    def __init__(self, robot: RobotModel, parameters: ComauParameters) -> None:
        """Begin at the robot's ready posture, drives on.

        Args:
            robot: the arm.
            parameters: what the deviations mean on this controller.
        """
        self._robot, self._parameters = robot, parameters
        self.status = ControllerStatus.READY
        self.errors = ControllerErrors(0)
        self.selector = Selector.AUTO | Selector.DRIVE_ON | Selector.START
        self.q = robot.ready.copy()
        self.tracking = self.locked = False
        self.overwritten = 0
        self.path_time, self.path_rest = 0.5, 5.0
        self.commands: deque[tuple[CommandKind, tuple]] = deque()
        self._first_deviation = True
        self._sensor_type = self._active_type = 0
        self._T_origin = robot.forward(self.q)
        self._mailbox: Motion | None = None
        self._asleep = {"handler": 0.0, "command": 0.0}
        self._running = {"handler": self._handler(), "command": self._command_server()}

    def step(self, now: float) -> None:
        """Run every program up to a time [s]."""
        for name in self._running:
            while self._asleep[name] <= now:
                self._asleep[name] += next(self._running[name])

    def state(self, now: float) -> ControllerState:
        """Return what is published."""
        unused = np.zeros(10 - self._robot.nq)
        return ControllerState(
            time=int(1_700_000_000 + now),
            status=self.status,
            selector=self.selector,
            sensor_type=self._sensor_type,
            q=np.concatenate([self.q, unused]),
            T_base_flange=self._robot.forward(self.q),
            errors=self.errors,
        )

    def put(self, motion: Motion) -> None:
        """Do what the motion server does with a message."""
        if Selector.DRIVE_ON | Selector.START not in self.selector:
            self.errors |= ControllerErrors.DRIVE_OFF
            self.status = ControllerStatus.ERROR
            self._switch_off()
            return
        self.overwritten += self._mailbox is not None
        self._mailbox = motion

    def fail(self, error: ControllerErrors) -> None:
        """Report an error."""
        self.errors |= error
        self.status = ControllerStatus.ERROR

    def lock(self, locked: bool) -> None:
        """Lock or unlock the arm, as commands and the pendant do."""
        self.locked = locked
        self.status = ControllerStatus.PAUSED if locked else ControllerStatus.MOVING
        if locked:
            self._mailbox = None

    def _handler(self) -> Iterator[float]:
        """The program that moves the arm."""
        while True:
            motion, self._mailbox = self._mailbox, None
            if motion is not None:
                self.status = ControllerStatus.MOVING
                if motion.kind is MotionKind.TRACKING:
                    yield from self._track(motion.numbers)
                elif motion.kind is MotionKind.FLY:
                    self._switch_off()
                    self.q = angles_from_controller(motion.numbers)[: self._robot.nq]
                else:
                    yield from self._follow(motion)
            yield HANDLER_SLEEP

    def _track(self, numbers: np.ndarray) -> Iterator[float]:
        if self._first_deviation:
            self._active_type, self.tracking = 0, False
            yield 0.05
            self._active_type, self.tracking = self._sensor_type, True
            self._T_origin = self._robot.forward(self.q)
            self._first_deviation = False
            yield 0.05
        if self.tracking and not self.locked:
            self._deviate(numbers)
        yield 0.001

    def _deviate(self, numbers: np.ndarray) -> None:
        p = self._parameters
        delta = deviation_from_controller(numbers, p.rotation_order, p.rotation_unit)
        absolute = self._active_type in ABSOLUTE
        T = self._T_origin if absolute else self._robot.forward(self.q)
        if p.deviation_frame == "flange":
            self._reach(T @ delta)
            return
        moved = T.copy()
        moved[:3, :3] = delta[:3, :3] @ T[:3, :3]
        moved[:3, 3] += delta[:3, 3]
        self._reach(moved)

    def _reach(self, T: np.ndarray) -> None:
        """Find joint angles for a pose near by."""
        for _ in range(20):
            now = self._robot.forward(self.q)
            error = np.concatenate([T[:3, 3] - now[:3, 3], log_so3(T[:3, :3] @ now[:3, :3].T)])
            if np.abs(error).max() < 1e-9:
                return
            step, *_ = np.linalg.lstsq(self._robot.jacobian(self.q), error, rcond=None)
            self.q = self.q + step

    def _follow(self, path: Motion) -> Iterator[float]:
        self._switch_off()
        yield SHOW
        for numbers in path.numbers:
            yield self.path_time
            if path.kind is MotionKind.JOINT_PATH:
                self.q = angles_from_controller(numbers)[: self._robot.nq]
            else:
                self._reach(pose_from_controller(numbers))
        self.status = ControllerStatus.SUCCEEDED
        yield SHOW + self.path_rest
        self.status = ControllerStatus.READY

    def _switch_off(self) -> None:
        self.tracking, self._active_type, self._mailbox = False, 0, None

    def _command_server(self) -> Iterator[float]:
        """The program that takes commands."""
        while True:
            if not self.commands:
                yield 0.005
                continue
            kind, data = self.commands.popleft()
            yield from self._obey(kind, data)

    def _obey(self, kind: CommandKind, data: tuple) -> Iterator[float]:
        if kind is CommandKind.INITIALIZE:
            self.status = ControllerStatus.CANCELLING
            self._cancel()
            self._sensor_type = data[1]
            yield SHOW
            self.status = ControllerStatus.READY
        elif kind is CommandKind.START:
            alarm = ControllerErrors.ALARM in self.errors
            self.status = ControllerStatus.ERROR if alarm else ControllerStatus.READY
            yield SHOW
        elif kind is CommandKind.RESET:
            self.status = ControllerStatus.RESUMING
            self._switch_off()
            self._first_deviation = True
            yield SHOW
            self.status = ControllerStatus.PAUSED if self.locked else ControllerStatus.READY
        elif kind is CommandKind.CANCEL:
            before, self.status = self.status, ControllerStatus.TERMINATED
            self._cancel()
            yield SHOW
            self.status = before if self.errors else ControllerStatus.READY
        elif kind is CommandKind.CONFIGURE_SENSOR:
            self._sensor_type = data[0]
            self._first_deviation = True
        elif kind in (CommandKind.LOCK, CommandKind.UNLOCK):
            self.lock(kind is CommandKind.LOCK)
            yield SHOW

    def _cancel(self) -> None:
        """Drop what the handler is doing."""
        self._switch_off()
        self._first_deviation = True
        self._running["handler"] = self._handler()
        self._asleep["handler"] = self._asleep["command"] + HANDLER_SLEEP
