# SPDX-License-Identifier: Apache-2.0
"""The action ~/run_episode: convert, call, convert."""

from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node

from vi_ik_ros.action import RunEpisode
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.skill.episode_messages import request_from_goal
from vi_ik_ros.nodes.skill.episode_runner import Abandoned, EpisodeRunner
from vi_ik_ros.nodes.skill.goals.goal_server import GoalServer
from vi_ik_ros.nodes.skill.goals.turn import Turn
from vi_ik_ros.skills.execution.trace import RECOVERY, Snapshot


class EpisodeServer(GoalServer[RunEpisode.Result]):
    """Carries out one episode a goal.

    Args:
        node: whose action it is.
        runner: carries out.
        turn: that all actions of the node share.
        default_skill: of goals that name none.
    """

    action, name, holder = RunEpisode, "run_episode", "another episode"

    def __init__(self, node: Node, runner: EpisodeRunner, turn: Turn, default_skill: str) -> None:
        self._default_skill = default_skill
        super().__init__(node, runner, turn)

    def carry_out(self, goal: ServerGoalHandle) -> RunEpisode.Result:
        """Carry out an episode."""
        result = RunEpisode.Result()
        try:
            request = request_from_goal(goal.request, self._default_skill)
            total = len(request.skill.primitives)

            def on_primitive(name: str, snapshot: Snapshot) -> None:
                goal.publish_feedback(_feedback(name, snapshot, total))

            stopping = lambda: goal.is_cancel_requested  # noqa: E731
            _, result.episode = self._runner.run(request, stopping, on_primitive)
            if reason := result.episode.invalid_reason:
                result.error_code, result.error_msg = result.INVALID_EPISODE, reason
        except InvalidInput as error:
            result.error_code, result.error_msg = result.INVALID_REQUEST, self.refuse(error)
        except Abandoned as error:
            result.error_code, result.error_msg = result.INVALID_EPISODE, str(error)
        except Exception as error:
            result.error_code, result.error_msg = result.INTERNAL, self.fault(error)
        return result


def _feedback(name: str, snapshot: Snapshot, total: int) -> RunEpisode.Feedback:
    done = total if snapshot.primitive == RECOVERY else snapshot.primitive
    time = snapshot.result.time
    return RunEpisode.Feedback(primitive=name, time=time, done=done, total=total)
