# SPDX-License-Identifier: Apache-2.0
"""Records what somebody shows a robot: `~/demonstrations` in, `~/recorded` out."""

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.msg import Demonstrations
from vi_ik_ros.nodes.qos import latched, sensor_data
from vi_ik_ros.nodes.training.status_messages import stamp_from_msg
from vi_ik_ros.sampling.store.trainer.demonstration_store import DemonstrationStore, Verdict

QUEUE = 50  # messages that wait while a commit does
PERIOD = 0.2  # [s] between two messages that only count what was not recorded
MAX_REASONS = 32  # lines in the log until the demonstrations are cleared


class DemonstrationRecorder:
    """Keeps each distinct configuration and publishes the count once it is on the disk.

    A malformed message is counted, its reason published and logged once, and the node goes on.
    """

    def __init__(self, node: Node, store: DemonstrationStore) -> None:
        """Listen.

        Args:
            node: gets the subscription, the publisher, the service and a timer.
            store: where configurations go; used in the callbacks of the node only.
        """
        self._node, self._store = node, store
        self._message = Demonstrations()
        self._reasons: set[str] = set()
        self._is_told = False
        self._out = node.create_publisher(Demonstrations, "~/recorded", latched())
        node.create_subscription(
            JointState, "~/demonstrations", self._on_joint_state, sensor_data(QUEUE)
        )
        node.create_service(Trigger, "~/clear_demonstrations", self._on_clear)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # a paused simulation stops nothing
        node.create_timer(PERIOD, self._tell, clock=steady)
        self._tell()

    def _on_joint_state(self, state: JointState) -> None:
        stamp = stamp_from_msg(state.header.stamp)
        recorded = self._store.record(stamp, state.name, state.position)
        message = self._message
        message.num_received += 1
        message.last = state.header.stamp
        message.num_duplicates += recorded.verdict is Verdict.DUPLICATE
        message.num_refused += recorded.verdict is Verdict.REFUSED
        self._is_told = False
        if recorded.reason:
            message.refusal = recorded.reason
        if recorded.verdict is Verdict.RECORDED or self._is_new(recorded.reason):
            self._tell()

    def _is_new(self, reason: str) -> bool:
        """Log a reason that has not been logged; tell whether it was one."""
        if not reason or reason in self._reasons or len(self._reasons) >= MAX_REASONS:
            return False
        self._reasons.add(reason)
        self._node.get_logger().warning(f"demonstration refused: {reason}")
        return True

    def _tell(self) -> None:
        """Publish the counts if they have changed."""
        if self._is_told:
            return
        self._message.stamp = self._node.get_clock().now().to_msg()
        self._message.num_recorded = self._store.count
        self._out.publish(self._message)
        self._is_told = True

    def _on_clear(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            count = self._store.clear()
        except InvalidInput as error:
            response.success, response.message = False, str(error)
            return response
        self._reasons.clear()
        self._message.refusal = ""
        self._is_told = False
        self._tell()
        response.success, response.message = True, f"{count} demonstrations removed"
        return response
