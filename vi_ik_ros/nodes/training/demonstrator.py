# SPDX-License-Identifier: Apache-2.0
"""Shows configurations to a trainer node at a steady rate, and hears what it has recorded."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from vi_ik_ros.msg import Demonstrations
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.training.status_messages import stamp_from_msg, stamp_to_msg


@dataclass(frozen=True)
class Acknowledged:
    """What trainers have said on `~/recorded`.

    Attributes:
        num_recorded: most configurations that were said to be on the disk.
        last: largest number of a message that was dealt with; 0 = none was.
        num_refused: most messages that one trainer refused or took for duplicates.
    """

    num_recorded: int = 0
    last: int = 0
    num_refused: int = 0


class Demonstrator:
    """Sends JointState messages, from a thread of its own, until it is closed.

    Message i = 1, 2, ... has the stamp i [ns], by which it is found again. Trainers may come and
    go meanwhile.
    """

    def __init__(
        self,
        trainer: str,
        joint_names: Sequence[str],
        configuration: Callable[[int], Sequence[float]],
        *,
        rate: float = 100.0,
        domain_id: int | None = None,
    ) -> None:
        """Begin.

        Args:
            trainer: full name of the trainer node.
            joint_names: (n,).
            configuration: the positions (n,) [rad or m] of message i.
            rate: messages a second [Hz].
            domain_id: ROS 2 domain; None: that of the environment.
        """
        self._joint_names, self._configuration = list(joint_names), configuration
        self._number, self._heard = 0, Acknowledged()
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain_id)
        self._node = node = Node("demonstrator", context=self._context, enable_rosout=False)
        self._out = node.create_publisher(JointState, f"{trainer}/demonstrations", 10)
        node.create_subscription(Demonstrations, f"{trainer}/recorded", self._hear, latched())
        node.create_timer(1.0 / rate, self._show)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(node)
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    @property
    def num_sent(self) -> int:
        """Messages that were sent, whether a trainer was there or not."""
        return self._number

    @property
    def acknowledged(self) -> Acknowledged:
        """What trainers have said up to now."""
        return self._heard

    def _show(self) -> None:
        self._number += 1
        self._out.publish(
            JointState(
                header=Header(stamp=stamp_to_msg(self._number)),
                name=self._joint_names,
                position=list(self._configuration(self._number)),
            )
        )

    def _hear(self, message: Demonstrations) -> None:
        heard = self._heard
        self._heard = Acknowledged(
            max(heard.num_recorded, message.num_recorded),
            max(heard.last, stamp_from_msg(message.last)),
            max(heard.num_refused, message.num_refused + message.num_duplicates),
        )

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass

    def close(self) -> None:
        """Stop, and leave ROS 2."""
        self._context.try_shutdown()
        self._thread.join()
        self._executor.shutdown()
        self._node.destroy_node()

    def __enter__(self) -> Self:
        """Return the demonstrator itself."""
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
