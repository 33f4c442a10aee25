# SPDX-License-Identifier: Apache-2.0
"""The action ~/run_episode: convert, call, convert."""

import threading
import time
import traceback
from collections.abc import Callable

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.task import Future

from vi_ik_ros.action import RunEpisode
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.skill.episode_messages import request_from_goal
from vi_ik_ros.nodes.skill.episode_runner import Abandoned, EpisodeRunner
from vi_ik_ros.skills.execution.trace import RECOVERY, Snapshot

BUSY = "another episode is going on: cancel it, or wait for its result"
PATIENCE = 1.5  # [s], for an episode to end with its node
SENT = 0.2  # [s], for its result to leave
SPIN = 0.05  # [s]


class EpisodeServer:
    """Takes one goal at a time and carries it out in a thread of its own.

    Args:
        node: whose action it is.
        runner: carries out.
        default_skill: of goals that name none.
    """

    def __init__(self, node: Node, runner: EpisodeRunner, default_skill: str) -> None:
        self._node, self._runner, self._default_skill = node, runner, default_skill
        self._is_busy = False
        self._executor: Executor | None = None  # of the goal that is being carried out
        self._server = ActionServer(
            node,
            RunEpisode,
            "~/run_episode",
            self._execute,
            goal_callback=self._on_goal,
            handle_accepted_callback=self._on_accepted,
            cancel_callback=self._on_cancel,
        )

    def close(self) -> None:
        """Break off the episode that goes on; nobody else may spin the node meanwhile."""
        self._runner.abandon()
        if self._executor is None or not self._is_busy or not self._node.context.ok():
            return
        self._executor.add_node(self._node)  # of no effect where it still is
        self._spin(PATIENCE, lambda: not self._is_busy)
        self._spin(SENT, lambda: False)

    def _spin(self, seconds: float, condition: Callable[[], bool]) -> None:
        """Spin the node until a condition holds, for some seconds at most."""
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end and self._node.context.ok():
            assert self._executor is not None
            self._executor.spin_once(timeout_sec=SPIN)

    def _on_goal(self, _: RunEpisode.Goal) -> GoalResponse:
        if not self._is_busy:
            return GoalResponse.ACCEPT
        self._node.get_logger().warning(f"goal of run_episode rejected: {BUSY}")
        self._runner.reject(BUSY)
        return GoalResponse.REJECT

    def _on_accepted(self, goal: ServerGoalHandle) -> None:
        self._is_busy = True
        goal.execute()

    def _on_cancel(self, _: ServerGoalHandle) -> CancelResponse:
        self._runner.cancelling()
        return CancelResponse.ACCEPT

    async def _execute(self, goal: ServerGoalHandle) -> RunEpisode.Result:
        """Wait for the thread without stopping the node: the robot is heard through it."""
        executor = self._executor = self._node.executor
        assert executor is not None, "it calls this"
        done: Future = Future()

        def carry_out() -> None:
            result = self._result(goal)
            executor.create_task(done.set_result, result)  # wakes it, unlike a mere result

        threading.Thread(target=carry_out, name="episode", daemon=True).start()
        result: RunEpisode.Result = await done
        self._is_busy = False
        if result.error_code == RunEpisode.Result.NONE:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return result

    def _result(self, goal: ServerGoalHandle) -> RunEpisode.Result:
        """Carry out a goal."""
        result = RunEpisode.Result()
        try:
            request = request_from_goal(goal.request, self._default_skill)
            total = len(request.skill.primitives)

            def on_primitive(name: str, snapshot: Snapshot) -> None:
                goal.publish_feedback(_feedback(name, snapshot, total))

            stopping = lambda: goal.is_cancel_requested  # noqa: E731
            result.episode = self._runner.run(request, stopping, on_primitive)
            if reason := result.episode.invalid_reason:
                result.error_code, result.error_msg = result.INVALID_EPISODE, reason
        except InvalidInput as error:
            self._runner.reject(str(error))
            result.error_code, result.error_msg = result.INVALID_REQUEST, str(error)
        except Abandoned as error:
            result.error_code, result.error_msg = result.INVALID_EPISODE, str(error)
        except Exception as error:  # A fault of ours must not end the node.
            trace = "".join(traceback.format_exception(error))
            self._node.get_logger().error(f"fault of the skill node, please report it:\n{trace}")
            line = " ".join(f"{type(error).__name__}: {error}".split())
            result.error_code, result.error_msg = result.INTERNAL, line
        return result


def _feedback(name: str, snapshot: Snapshot, total: int) -> RunEpisode.Feedback:
    done = total if snapshot.primitive == RECOVERY else snapshot.primitive
    time = snapshot.result.time
    return RunEpisode.Feedback(primitive=name, time=time, done=done, total=total)
