# SPDX-License-Identifier: Apache-2.0
"""The action ~/learn: convert, call, convert."""

from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node

from vi_ik_ros.action import LearnSkill
from vi_ik_ros.exceptions import InvalidInput, NoAnswer
from vi_ik_ros.nodes.skill.episode_runner import EpisodeRunner
from vi_ik_ros.nodes.skill.goals.goal_server import GoalServer
from vi_ik_ros.nodes.skill.goals.turn import Turn
from vi_ik_ros.nodes.skill.learning.learner import Learner


class LearningServer(GoalServer[LearnSkill.Result]):
    """Carries out one learning run a goal.

    Args:
        node: whose action it is.
        runner: carries out the episodes.
        turn: that all actions of the node share.
        learner: carries out the runs.
    """

    action, name, holder = LearnSkill, "learn", "a learning run"

    def __init__(self, node: Node, runner: EpisodeRunner, turn: Turn, learner: Learner) -> None:
        self._learner = learner
        super().__init__(node, runner, turn)

    def carry_out(self, goal: ServerGoalHandle) -> LearnSkill.Result:
        """Carry out a learning run."""
        stopping = lambda: goal.is_cancel_requested  # noqa: E731
        result = LearnSkill.Result(expected_cost=float("nan"), probability=float("nan"))
        result.best_cost = float("nan")
        try:
            return self._learner.learn(goal.request, stopping, goal.publish_feedback)
        except InvalidInput as error:
            result.error_code, result.error_msg = result.INVALID_REQUEST, self.refuse(error)
        except NoAnswer as error:
            self.warn(str(error))
            result.error_code, result.error_msg = result.NO_ROBOT, str(error)
        except Exception as error:
            result.error_code, result.error_msg = result.INTERNAL, self.fault(error)
        return result
