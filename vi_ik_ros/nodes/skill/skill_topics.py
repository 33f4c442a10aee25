# SPDX-License-Identifier: Apache-2.0
"""What the skill node publishes: each control period, at each primitive, and from time to time."""

from dataclasses import replace

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Vector3, Wrench, WrenchStamped
from rclpy.node import Node
from std_msgs.msg import Header, String
from visualization_msgs.msg import MarkerArray

from vi_ik_ros.msg import Episode as EpisodeMsg
from vi_ik_ros.msg import LearningCurve
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.robot.messages.conversions import BASE_FRAME
from vi_ik_ros.nodes.skill.episode_messages import episode_to_msg
from vi_ik_ros.nodes.skill.marker_messages import markers_to_msg
from vi_ik_ros.nodes.skill.skill_status import SkillStatus, status_to_msg
from vi_ik_ros.nodes.transforms import TransformTopic, transforms_to_msgs
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.viewer.skill_markers import SkillMarkers

WRENCHES = 10  # depth of the queue
TASK_FRAME = "task"  # axes of the skill's task frame, at the tool centre point


class SkillTopics:
    """The publishers of a skill node; any thread may use them.

    Args:
        node: whose topics they are.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._episodes = node.create_publisher(EpisodeMsg, "~/episode", latched())
        self._curves = node.create_publisher(LearningCurve, "~/learning_curve", latched())
        self._states = node.create_publisher(DiagnosticStatus, "~/status", latched())
        self._wrenches = node.create_publisher(WrenchStamped, "~/wrench", WRENCHES)
        self._transforms = TransformTopic(node, "/tf", WRENCHES)
        self._primitives = node.create_publisher(String, "~/primitive", latched())
        self._markers = node.create_publisher(MarkerArray, "~/markers", latched())
        self._told: SkillStatus | None = None

    @property
    def has_viewer(self) -> bool:
        """Whether somebody listens to the markers."""
        return self._markers.get_subscription_count() > 0

    def tell(self, status: SkillStatus, robot: str, *, again: bool = False) -> None:
        """Publish the status if more than its time has changed, or `again`."""
        lasting = replace(status, time=0.0, missed_ticks=0)
        if again or lasting != self._told:
            self._told = lasting
            name = self._node.get_fully_qualified_name()
            self._states.publish(status_to_msg(status, name, robot))

    def publish_primitive(self, name: str) -> None:
        """Publish which primitive is active; '' for none."""
        self._primitives.publish(String(data=name))

    def publish_wrench(self, wrench: np.ndarray) -> None:
        """Publish a filtered wrench (6,) of the tool on the environment, in the task frame."""
        fx, fy, fz, tx, ty, tz = wrench.tolist()
        parts = Wrench(force=Vector3(x=fx, y=fy, z=fz), torque=Vector3(x=tx, y=ty, z=tz))
        self._wrenches.publish(WrenchStamped(header=self._header(TASK_FRAME), wrench=parts))

    def publish_task_frame(self, R_base_task: np.ndarray, T_base_tcp: np.ndarray) -> None:
        """Publish where the wrenches' frame is, if somebody follows transforms.

        Args:
            R_base_task: (3, 3) its axes.
            T_base_tcp: (4, 4), its origin is that of the tool centre point.
        """
        if self._transforms.is_wanted:
            T_base_task = T_base_tcp.copy()
            T_base_task[:3, :3] = R_base_task
            stamp, frames = self._header("").stamp, {TASK_FRAME: T_base_task}
            self._transforms.publish(transforms_to_msgs(BASE_FRAME, frames, stamp))

    def publish_episode(self, episode: Episode) -> EpisodeMsg:
        """Publish an episode that has just ended, and return its message."""
        message = episode_to_msg(episode, self._header("").stamp)
        self._episodes.publish(message)
        return message

    def publish_curve(self, curve: LearningCurve) -> None:
        """Publish how a learning run goes, stamped now."""
        curve.header = self._header("")
        self._curves.publish(curve)

    def publish_markers(self, markers: SkillMarkers) -> None:
        """Publish what to draw."""
        self._markers.publish(markers_to_msg(markers, self._header(BASE_FRAME)))

    def _header(self, frame: str) -> Header:
        return Header(stamp=self._node.get_clock().now().to_msg(), frame_id=frame)
