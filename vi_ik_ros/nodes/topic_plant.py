# SPDX-License-Identifier: Apache-2.0
"""A plant on the other side of the topics of a robot interface node."""

import numpy as np
from rclpy.node import Node

from vi_ik_ros.exceptions import InvalidInput, NoAnswer, NotNow
from vi_ik_ros.nodes.robot.client.inbox import Arrival
from vi_ik_ros.nodes.robot.client.robot_client import RobotClient
from vi_ik_ros.nodes.robot.client.round_trip import RoundTrip
from vi_ik_ros.nodes.robot.messages.scene_numbers import scene_to_numbers
from vi_ik_ros.nodes.robot.messages.status_messages import RobotStatus
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.plant import PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.scene import Scene

ANSWER = 5.0  # [s], for a call that only changes a state
TRAVEL = 180.0  # [s], for one that moves the arm
TOLD = 0.5  # [s], for the status after a call
SILENCE = (FaultKind.TRANSPORT, FaultKind.STALE_POSE)  # after which no answer is waited for long
SETTLE = 25  # control periods between the end of a path and a tare


class TopicPlant:
    """A robot behind a robot interface node, as a plant.

    The arriving `tcp_pose` is its clock: `tick` publishes a command and returns with the next
    pose, so the robot's control period is kept without a second timer. Its methods wait; call them
    from one thread, which must not be the only one that spins the node. The safety gate is on the
    other side.

    * `reset` is `sim/reset` and `enable` of a simulation. A robot goes to its start, settles, is
      tared and enabled; its faults are not cleared by that.
    * A refused call is the fault `controller`; one without an answer, or a robot that has gone,
      `transport`.
    * `stop` holds the tool until the next `reset`, and latches nothing. Call it after each episode
      within the robot's `deadman_after`: silence while commands are enabled is a fault.

    Args:
        node: whose executor spins meanwhile.
        prefix: of the robot's names, such as `/cell`; empty: the node's own namespace.
        pose_timeout: time without a pose that is a fault [s].
        wrench_timeout: age of the newest wrench that is a fault [s].

    Attributes:
        control_period: between two ticks [s]; known after `connect` or `reset`.
        wrench_period: between two samples [s]; known after the same.
        missed_ticks: poses that came while nobody waited for them, since the first reset.
    """

    def __init__(
        self,
        node: Node,
        prefix: str = "",
        *,
        pose_timeout: float = 0.2,
        wrench_timeout: float = 0.1,
    ) -> None:
        self._client = RobotClient(node, prefix)
        self._pose_timeout, self._wrench_timeout = pose_timeout, wrench_timeout
        self._fault: Fault | None = None
        self._seen = 0  # number of the newest pose
        self._origin = 0  # [ns since the epoch] that times count from
        self._last: TickResult | None = None
        self._wrench_stamp = 0
        self.control_period, self.wrench_period = 0.02, 1.0 / 170.0
        self.missed_ticks = 0
        self._round_trip = RoundTrip(self.control_period)

    @property
    def round_trip(self) -> float | None:
        """Control periods from command to effect in free air since the reset; None: unknown yet.

        The servo's lag is part of it; `round_trip.delay_ticks` takes it away.
        """
        return self._round_trip.ticks

    @property
    def status(self) -> RobotStatus | None:
        """The newest status of the robot."""
        return self._client.inbox.status

    def connect(self, timeout: float = ANSWER) -> RobotStatus:
        """Wait for the robot's status.

        Raises:
            NoAnswer: none came within `timeout` [s].
        """
        status = self._client.inbox.wait_status(lambda _: True, timeout)
        if status is None:
            raise NoAnswer(f"no status of a robot interface node after {timeout:g} s")
        if status.control_period != self.control_period:
            self.control_period = status.control_period
            self._round_trip = RoundTrip(self.control_period)
        self.wrench_period = status.wrench_period
        return status

    def reset(self, seed: int, scene: Scene | None = None) -> TickResult:
        """Bring the tool to where episodes start, and enable commands.

        Args:
            seed: of a simulation's episode, at least 0.
            scene: of a simulation from now on; None: the same. A robot does not look at it.
        """
        if not 0 <= seed < 2**64:
            raise InvalidInput("seed", seed, "0 to 2^64 - 1")
        self._fault = None
        try:
            if self.connect(ANSWER).is_simulation:
                numbers = [] if scene is None else scene_to_numbers(scene)
                self._client.enable(False, ANSWER)
                self._client.reset_simulation(seed, numbers, ANSWER)
            else:
                self._client.trigger("go_start", TRAVEL)
                self._settle()
                self._client.trigger("tare", TRAVEL)
            self._client.enable(True, TRAVEL)
            self._client.inbox.wait_status(lambda status: status.enabled, TOLD)
        except (InvalidInput, NoAnswer) as error:
            self._refused(error)
        return self._first()

    def tick(self, twist: Twist | None) -> TickResult:
        """Publish a command, and wait for the next pose.

        Args:
            twist: the velocity; None: none is published.
        """
        before = self._last
        assert before is not None, "reset before its first tick"
        if twist is not None and self._fault is None:
            self._client.command(twist)
        after = self._next()
        if twist is None:
            self._round_trip.end()
        else:
            self._round_trip.add(twist, before, after)
        return after

    def stop(self) -> None:
        """Hold the tool until the next `reset`."""
        is_silent = self._fault is not None and self._fault.kind in SILENCE
        try:
            self._client.enable(False, self._pose_timeout if is_silent else ANSWER)
        except (InvalidInput, NoAnswer) as error:
            self._refused(error)

    def clear_fault(self) -> None:
        """Leave FAULT, or a stop, if its cause is gone."""
        self._fault = None
        try:
            self._client.trigger("clear_fault", TRAVEL)
            self._client.inbox.wait_status(lambda status: status.fault is None, TOLD)
        except (InvalidInput, NoAnswer) as error:
            self._refused(error)

    def close(self) -> None:
        """Hold the tool, and take everything off the node."""
        if self._client.is_there:
            self.stop()
        self._client.close()

    def _first(self) -> TickResult:
        """Return the first result after a reset, of a pose that came after it."""
        inbox = self._client.inbox
        arrival = inbox.take(inbox.num_poses, self._pose_timeout)
        if arrival is not None:
            self._seen, self._origin = arrival.number, arrival.stamp
            self._wrench_stamp = arrival.stamp
        result = self._result(arrival)
        self._round_trip.begin(result)
        return result

    def _next(self) -> TickResult:
        """Return the result with the next pose."""
        inbox, period = self._client.inbox, self.wrench_period
        arrival = inbox.take(self._seen, self._pose_timeout, period)
        if arrival is not None:
            missed = arrival.number - self._seen - 1
            if missed:
                self.missed_ticks += missed
                self._round_trip.end()
            self._seen = arrival.number
        return self._result(arrival)

    def _result(self, arrival: Arrival | None) -> TickResult:
        if arrival is None:
            self._silent()
            return self._told_again()
        if len(arrival.stamps):
            self._wrench_stamp = int(arrival.stamps[-1])
        age = 1e-9 * (arrival.stamp - self._wrench_stamp)
        if age > self._wrench_timeout:
            self._latch(Fault(FaultKind.STALE_WRENCH, f"newest wrench is {1e3 * age:.0f} ms old"))
        time = 1e-9 * (arrival.stamp - self._origin)
        status = self.status
        self._last = TickResult(
            time=time,
            wrenches=arrival.wrenches,
            wrench_times=1e-9 * (arrival.stamps - self._origin),
            T_base_tcp=arrival.T_base_tcp,
            pose_time=time,
            state=self._state(),
            faults=self._faults(),
            saturated=status is not None and status.saturated,
        )
        return self._last

    def _told_again(self) -> TickResult:
        """Return the last result with the fault of a silent robot."""
        last, T = self._last, np.full((4, 4), np.nan)
        self._last = TickResult(
            time=0.0 if last is None else last.time + self._pose_timeout,
            wrenches=np.zeros((0, 6)),
            wrench_times=np.zeros(0),
            T_base_tcp=T if last is None else last.T_base_tcp,
            pose_time=0.0 if last is None else last.pose_time,
            state=PlantState.FAULT,
            faults=self._faults(),
        )
        return self._last

    def _state(self) -> PlantState:
        status = self.status
        if self._faults():
            return PlantState.FAULT
        return PlantState.READY if status is None else status.state

    def _faults(self) -> tuple[Fault, ...]:
        """Return what the robot has latched, then what was found on this side."""
        status = self.status
        theirs = () if status is None or status.fault is None else (status.fault,)
        ours = () if self._fault is None else (self._fault,)
        return (*theirs, *(fault for fault in ours if fault.kind not in [f.kind for f in theirs]))

    def _silent(self) -> None:
        line = f"no tcp_pose for {self._pose_timeout:g} s"
        if self._client.is_there:
            self._latch(Fault(FaultKind.STALE_POSE, line))
        else:
            self._latch(Fault(FaultKind.TRANSPORT, f"{line}: nobody publishes it"))

    def _refused(self, error: InvalidInput | NoAnswer) -> None:
        kind = FaultKind.TRANSPORT if isinstance(error, NoAnswer) else FaultKind.CONTROLLER
        refusal = error.expected if isinstance(error, NotNow) else str(error)
        self._latch(Fault(kind, refusal))

    def _latch(self, fault: Fault) -> None:
        if self._fault is None:
            self._fault = fault

    def _settle(self) -> None:
        """Let the arm come to rest."""
        number = self._client.inbox.num_poses
        for _ in range(SETTLE):
            arrival = self._client.inbox.take(number, self._pose_timeout)
            if arrival is None:
                raise NoAnswer(
                    f"no tcp_pose for {self._pose_timeout:g} s after the arm went to its start"
                )
            number = arrival.number
