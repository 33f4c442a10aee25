# SPDX-License-Identifier: Apache-2.0
"""What the actions of the skill node have in common."""

import threading
import traceback
from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future

from vi_ik_ros.exceptions import InvalidInput, NotNow
from vi_ik_ros.nodes.skill.episode_runner import EpisodeRunner
from vi_ik_ros.nodes.skill.goals.turn import Turn


class Goal(Protocol):
    """What the goals of all actions have."""

    skill: str


class Result(Protocol):
    """What the results of all actions have: an error code that is NONE when all is well."""

    NONE: int
    error_code: int


R = TypeVar("R", bound=Result)


class GoalServer(ABC, Generic[R]):
    """Takes a goal when it is nobody's turn, and carries it out in a thread of its own.

    Args:
        node: whose action it is.
        runner: carries out episodes.
        turn: that all actions of the node share.
    """

    action: type  # its type
    name = ""  # of the action
    holder = ""  # what goes on meanwhile, in words

    def __init__(self, node: Node, runner: EpisodeRunner, turn: Turn) -> None:
        self._node, self._runner, self._turn = node, runner, turn
        self._server = ActionServer(
            node,
            self.action,
            f"~/{self.name}",
            self._execute,
            goal_callback=self._on_goal,
            handle_accepted_callback=self._on_accepted,
            cancel_callback=self._on_cancel,
        )

    @abstractmethod
    def carry_out(self, goal: ServerGoalHandle) -> R:
        """Return the result of a goal; in a thread of its own, and without an exception."""

    def fault(self, error: Exception) -> str:
        """Log a fault of ours, which must not end the node; return it in one line."""
        trace = "".join(traceback.format_exception(error))
        self._node.get_logger().error(f"fault of the skill node, please report it:\n{trace}")
        return " ".join(f"{type(error).__name__}: {error}".split())

    def refuse(self, error: InvalidInput) -> str:
        """Say in the log and in the status why a goal leads to nothing; return it in one line."""
        self.warn(str(error))
        self._runner.reject(str(error))
        return str(error)

    def warn(self, reason: str) -> None:
        """Say in the log why a goal leads to nothing."""
        self._node.get_logger().warning(f"goal of {self.name} refused: {reason}")

    def _on_goal(self, goal: Goal) -> GoalResponse:
        if not self._turn.holder:
            return GoalResponse.ACCEPT
        expected = f"no goal while {self._turn.holder} is going on: cancel it, or wait for its end"
        self.refuse(NotNow("goal", goal.skill or "the default skill", expected))
        return GoalResponse.REJECT

    def _on_accepted(self, goal: ServerGoalHandle) -> None:
        executor = self._node.executor
        assert executor is not None, "it calls this"
        self._turn.take(self.holder, executor)
        goal.execute()

    def _on_cancel(self, _: ServerGoalHandle) -> CancelResponse:
        self._runner.cancelling()
        return CancelResponse.ACCEPT

    async def _execute(self, goal: ServerGoalHandle) -> R:
        """Wait for the thread without stopping the node: the robot is heard through it."""
        executor = self._node.executor
        assert executor is not None, "it calls this"
        done: Future = Future()

        def carry_out() -> None:
            result = self.carry_out(goal)
            executor.create_task(done.set_result, result)  # wakes it, unlike a mere result

        threading.Thread(target=carry_out, name=self.name, daemon=True).start()
        result = await done
        assert result is not None, "the thread sets it"
        self._turn.give_back()
        if result.error_code == result.NONE:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return result
