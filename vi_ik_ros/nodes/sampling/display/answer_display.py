# SPDX-License-Identifier: Apache-2.0
"""The last answer of a sampler for those who watch, in RViz or elsewhere."""

from builtin_interfaces.msg import Time
from rclpy.clock import Clock, ClockType
from rclpy.event_handler import PublisherEventCallbacks, QoSPublisherMatchedInfo
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Header, String
from visualization_msgs.msg import MarkerArray

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.parameters import SamplerParameters
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.sampling.conversions import joint_state_to_msg
from vi_ik_ros.nodes.sampling.display.marker_messages import markers_to_msg
from vi_ik_ros.nodes.sampling.display.shown_answer import ShownAnswer
from vi_ik_ros.nodes.sampling.served_models import ServedModel
from vi_ik_ros.nodes.transforms import TransformTopic, transforms_to_msgs
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest
from vi_ik_ros.viewer.markers import link_frames, robot_markers

DRAW = 0.1  # [s] between two looks for what is new: an answer of many robots takes 30 ms to draw


class AnswerDisplay:
    """The publishers of a sampler that show its last answer, also to those who come later.

    What nobody listens to is not made; what somebody listens to keeps no request waiting.

    Args:
        node: whose topics they are.
        settings: what is published.
    """

    def __init__(self, node: Node, settings: SamplerParameters) -> None:
        self._node, self._settings = node, settings
        self._shown: ShownAnswer | None = None
        self._is_drawn, self._described = False, ""
        came = PublisherEventCallbacks(matched=self._on_matched)
        self._markers = node.create_publisher(
            MarkerArray, "~/markers", latched(), event_callbacks=came
        )
        self._joints = node.create_publisher(
            JointState, "~/sampled_joint_states", 10, event_callbacks=came
        )
        self._links = TransformTopic(node, "/tf_static", latched(), event_callbacks=came)
        self._robot = None
        if settings.publish_robot_description:
            self._robot = node.create_publisher(String, "robot_description", latched())
        node.create_timer(DRAW, self.draw, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def show(self, model: ServedModel, request: SampleRequest, answer: SampleAnswer) -> None:
        """Take an answer, to be drawn after it has been sent: robots, and one of them apart."""
        self._shown = ShownAnswer.of(model.robot, request, answer, self._settings.max_markers)
        self._is_drawn = False

    def draw(self) -> None:
        """Publish the last answer, unless that has been done for all who listen."""
        if self._shown is not None and not self._is_drawn:
            self._is_drawn = True
            self._describe(self._shown.robot)
            self._publish(self._shown)

    def _on_matched(self, info: QoSPublisherMatchedInfo) -> None:
        if info.current_count_change > 0:
            self._is_drawn = False

    def _publish(self, shown: ShownAnswer) -> None:
        stamp = self._node.get_clock().now().to_msg()
        if self._settings.publish_markers and self._markers.get_subscription_count():
            robots = robot_markers(shown.robot, shown.q, shown.component, shown.log_prob)
            header = Header(stamp=stamp, frame_id=shown.robot.root)
            self._markers.publish(markers_to_msg(robots, shown.targets, header))
        if len(shown.q):
            self._publish_first(shown, stamp)

    def _publish_first(self, shown: ShownAnswer, stamp: Time) -> None:
        """Publish the configuration that stands out."""
        robot, q = shown.robot, shown.q[:1]
        if self._settings.publish_joint_states and self._joints.get_subscription_count():
            joints = slice(robot.tree.num_base, None)  # A floating base is no joint.
            names = robot.joint_names[joints]
            self._joints.publish(joint_state_to_msg(names, q[0, joints], stamp))
        if (prefix := self._settings.tf_prefix) and self._links.is_wanted:
            frames = {f"{prefix}/{name}": T[0] for name, T in link_frames(robot, q).items()}
            self._links.publish(transforms_to_msgs(robot.root, frames, stamp))

    def _describe(self, robot: RobotModel) -> None:
        """Publish the URDF of a robot, if that is wanted and it is another one."""
        if self._robot is not None and robot.urdf_text != self._described:
            self._described = robot.urdf_text
            self._robot.publish(String(data=robot.urdf_text))
