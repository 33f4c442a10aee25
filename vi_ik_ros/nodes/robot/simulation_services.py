# SPDX-License-Identifier: Apache-2.0
"""The services that only a simulation has."""

from collections.abc import Callable, Sequence

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from vi_ik_ros.exceptions import InvalidInput, NotNow
from vi_ik_ros.nodes.robot.backends.backend import Backend
from vi_ik_ros.nodes.robot.loop.control_loop import ControlLoop
from vi_ik_ros.nodes.robot.loop.procedures import Procedures
from vi_ik_ros.nodes.robot.messages.conversions import pose_to_msg, time_to_msg, twist_from_msg
from vi_ik_ros.nodes.robot.messages.scene_numbers import scene_from_numbers
from vi_ik_ros.nodes.robot.robot_services import coded
from vi_ik_ros.nodes.robot.robot_topics import wrenches_to_msgs
from vi_ik_ros.skills.plants.plant import TickResult, Twist
from vi_ik_ros.srv import ResetSimulation, StepSimulation

MOST_TICKS = 1000  # of one call: 20 s at 50 Hz

Period = tuple[TickResult, int]  # what was measured, and when it ended [ns since the epoch]


class SimulationServices:
    """`sim/reset` and `sim/step`.

    Args:
        node: whose services they are.
        backend: the simulation.
        loop: its control loop.
        procedures: its calls.
        pass_one: lets one control period pass and publishes it; None where a timer does.
        status_to_msg: returns the status now.
    """

    def __init__(
        self,
        node: Node,
        backend: Backend,
        loop: ControlLoop,
        procedures: Procedures,
        pass_one: Callable[[], Period] | None,
        status_to_msg: Callable[[], object],
    ) -> None:
        self._node, self._backend = node, backend
        self._loop, self._procedures = loop, procedures
        self._pass_one, self._status_to_msg = pass_one, status_to_msg
        group = ReentrantCallbackGroup()
        for kind, name, answer in (
            (ResetSimulation, "sim/reset", self._reset),
            (StepSimulation, "sim/step", self._step),
        ):
            node.create_service(kind, name, answer, callback_group=group)

    async def _reset(
        self, request: ResetSimulation.Request, response: ResetSimulation.Response
    ) -> ResetSimulation.Response:
        async def call() -> None:
            scene = scene_from_numbers(request.scene, self._backend.scene)
            await self._procedures.reset_simulation(request.seed, scene)

        return await coded(self._node, call, response)

    async def _step(
        self, request: StepSimulation.Request, response: StepSimulation.Response
    ) -> StepSimulation.Response:
        async def call() -> None:
            self._fill(response, self._stepped(self._commands(request)))

        return await coded(self._node, call, response)

    def _commands(self, request: StepSimulation.Request) -> Sequence[Twist | None]:
        """Return the command of each period, or refuse the call."""
        if self._pass_one is None:
            raise NotNow("sim/step", "lock_step false", "the node's parameter lock_step true")
        if self._loop.fault is not None:
            state = f"{self._loop.fault.kind}: {self._loop.fault.message}"
            raise NotNow("sim/step", state, "no fault and no stop: call sim/reset")
        if not self._loop.is_armed:
            raise NotNow("sim/step", f"state {self._loop.state.name}", "a call of sim/reset before")
        count = len(request.twists)
        if bool(count) == bool(request.num_ticks):
            given = f"{count} twists, num_ticks {request.num_ticks}"
            raise InvalidInput("twists, num_ticks", given, "one of both, the other one empty")
        if max(count, request.num_ticks) > MOST_TICKS:
            raise InvalidInput("num_ticks", max(count, request.num_ticks), f"at most {MOST_TICKS}")
        return [twist_from_msg(twist) for twist in request.twists] or [None] * request.num_ticks

    def _stepped(self, commands: Sequence[Twist | None]) -> list[Period]:
        """Let periods pass until all are gone, or one ends with a fault."""
        assert self._pass_one is not None, "in lock-step"
        passed: list[Period] = []
        for command in commands:
            if command is not None:
                if not self._loop.is_enabled:
                    self._loop.enable()
                self._loop.command(command)
            passed.append(self._pass_one())
            if passed[-1][0].faults:
                break
        return passed

    def _fill(self, response: StepSimulation.Response, passed: list[Period]) -> None:
        """Write what was measured into a response."""
        result, now = passed[-1]
        response.num_ticks = len(passed)
        response.tcp_pose = pose_to_msg(result.T_base_tcp, time_to_msg(now))
        response.wrenches = [message for period in passed for message in wrenches_to_msgs(*period)]
        response.status = self._status_to_msg()
