# SPDX-License-Identifier: Apache-2.0
"""The robot interface node: one set of topics in front of every robot and simulation."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # A control period has no use for more.

import gc
import sys
import time

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import TwistStamped, WrenchStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.parameters import declare
from vi_ik_ros.nodes.qos import requests, sensor_data
from vi_ik_ros.nodes.robot.backends.backend import Backend, make_backend
from vi_ik_ros.nodes.robot.loop.control_loop import ControlLoop
from vi_ik_ros.nodes.robot.loop.lateness import Lateness
from vi_ik_ros.nodes.robot.loop.procedures import Procedures
from vi_ik_ros.nodes.robot.loop.steady_stamps import SteadyStamps
from vi_ik_ros.nodes.robot.loop.worker import Worker
from vi_ik_ros.nodes.robot.messages.conversions import twist_from_msg, wrench_from_msg
from vi_ik_ros.nodes.robot.messages.status_messages import RobotStatus
from vi_ik_ros.nodes.robot.parameters import RobotInterfaceParameters
from vi_ik_ros.nodes.robot.robot_services import RobotServices
from vi_ik_ros.nodes.robot.robot_topics import RobotTopics
from vi_ik_ros.nodes.robot.simulation_services import SimulationServices
from vi_ik_ros.nodes.spinning import spin_node
from vi_ik_ros.skills.plants.plant import TickResult

STATUS = 0.5  # [s] between two repetitions of the status
DIAGNOSE = 1.0  # [s] between two messages on /diagnostics
WARN = 1.0  # [s] between two warnings of commands that are not taken


class RobotInterfaceNode(Node):
    """Moves a tool by velocities, and tells where it is and what it feels.

    Topics in: `cmd_twist` (TwistStamped), and the force sensor's of a COMAU cell (WrenchStamped).
    Topics out: `wrench`, `tcp_pose`, `joint_states`, `status` (latched), `clock` of a simulation;
    and `/diagnostics`.
    Services: `enable`, `stop`, `clear_fault`, `tare`, `go_start`, `~/go_to_configuration`; of a
    simulation `sim/reset`, `sim/step`.
    """

    def __init__(self, **kwargs: object) -> None:
        """Make the plant, then listen; nothing moves or connects before it is asked to.

        Args:
            **kwargs: passed to `rclpy.node.Node` (context, parameter_overrides, namespace, ...).

        Raises:
            ViIkError: a parameter or a file cannot be used.
        """
        super().__init__("robot_interface", **kwargs)  # type: ignore[arg-type]
        settings = declare(self, RobotInterfaceParameters)
        if self.get_parameter("use_sim_time").value:
            expected = "false: this node makes the time, by the steady clock"
            raise InvalidInput("parameter use_sim_time", True, expected)
        self._backend: Backend = make_backend(settings)
        self._loop = ControlLoop(self._backend, settings)
        self._lateness, self._ticks = Lateness(self._loop.control_period), 0
        self._worker = Worker(threaded=not self._backend.is_simulation)
        self._procedures = Procedures(self._loop, self._backend, self._worker, settings)
        self._topics = RobotTopics(self, self._backend)
        self._lock_step, self._stamps = settings.lock_step, SteadyStamps()
        self._simulated = self.get_clock().now().nanoseconds  # time of a simulation
        self._listen(settings)
        self.context.on_shutdown(self.close)
        words = f"{settings.backend}, scene {self._backend.scene.name}, robot {settings.robot}"
        self.get_logger().info(f"{words}, {1.0 / self._loop.control_period:g} Hz")

    def _listen(self, settings: RobotInterfaceParameters) -> None:
        """Take commands and calls, and begin with the control periods."""
        self.create_subscription(TwistStamped, "cmd_twist", self._on_command, requests(1))
        RobotServices(self, self._procedures)
        if self._backend.is_simulation:
            SimulationServices(
                self,
                self._backend,
                self._loop,
                self._procedures,
                self._pass_one if settings.lock_step else None,
                self._status_to_msg,
            )
        else:
            self.create_subscription(
                WrenchStamped, settings.wrench_topic, self._on_wrench, sensor_data(50)
            )
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        if not settings.lock_step:
            self.create_timer(self._loop.control_period, self._on_timer, clock=steady)
        self.create_timer(STATUS, self._repeat_status, clock=steady)
        self.create_timer(DIAGNOSE, self._diagnose, clock=steady)
        self._repeat_status()

    def close(self) -> None:
        """Hold the tool, and let go of the robot."""
        if self._worker.is_busy:
            self._procedures.stop("the node ends")
        self._worker.close()
        self._loop.close()

    def _on_command(self, message: TwistStamped) -> None:
        if not self._loop.command(twist_from_msg(message)):
            state = self._loop.state.name
            line = f"cmd_twist: got a command in state {state}, expected enable before"
            self.get_logger().warning(line, throttle_duration_sec=WARN)

    def _on_wrench(self, message: WrenchStamped) -> None:
        self._backend.wrenches.push(time.monotonic(), wrench_from_msg(message))

    def _on_timer(self) -> None:
        now = time.monotonic()
        due = self._lateness.begin(now)
        self._simulated = self._stamps.at(due, now, self.get_clock().now().nanoseconds)
        self._procedures.poll()
        if self._worker.is_busy:
            self._topics.tell(self._status())
        else:
            self._pass_one()

    def _pass_one(self) -> tuple[TickResult, int]:
        """Let one control period pass, and publish it."""
        result = self._loop.tick()
        self._ticks += 1
        if self._lock_step:
            self._simulated += round(1e9 * self._loop.control_period)
        # A simulation measures when it should; a robot when it does.
        now = self._simulated
        if not self._backend.is_simulation:
            now = self.get_clock().now().nanoseconds
        self._topics.tell(self._status())
        self._topics.publish(result, now)
        return result, now

    def _status(self) -> RobotStatus:
        loop, result = self._loop, self._loop.result
        return RobotStatus(
            loop.state,
            loop.fault,
            enabled=loop.is_enabled,
            saturated=result is not None and result.saturated,
            busy=self._procedures.busy,
            backend=self._backend.name,
            control_period=loop.control_period,
            wrench_period=loop.wrench_period,
            drive_on=self._backend.drive_on,
            error_bits=self._backend.error_bits,
            late_ticks=self._lateness.late,
            ticks=self._ticks,
            worst_delay=self._lateness.worst,
        )

    def _status_to_msg(self) -> DiagnosticStatus:
        return self._topics.status_to_msg(self._status())

    def _repeat_status(self) -> None:
        self._topics.tell(self._status(), again=True)

    def _diagnose(self) -> None:
        self._topics.diagnose(self._status())


def main(args: list[str] | None = None) -> int:
    """Run the node until Ctrl-C."""
    gc.freeze()  # What the imports made stays: the collector need not look at it between periods.
    return spin_node(RobotInterfaceNode, args)


if __name__ == "__main__":
    sys.exit(main())
