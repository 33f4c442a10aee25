# SPDX-License-Identifier: Apache-2.0
"""Transforms for tf2, where its messages are installed: they are not among the wheels of PyPI."""

from collections.abc import Iterable, Mapping

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from vi_ik_ros.kinematics.pose import matrix_to_pose

try:
    from tf2_msgs.msg import TFMessage
except ImportError:
    TFMessage = None


def transforms_to_msgs(
    parent: str, frames: Mapping[str, np.ndarray], stamp: Time
) -> list[TransformStamped]:
    """Return a message for each frame: name -> T_parent_frame (4, 4)."""
    header = Header(stamp=stamp, frame_id=parent)
    messages = []
    for name, T_parent_frame in frames.items():
        x, y, z, qx, qy, qz, qw = matrix_to_pose(T_parent_frame).tolist()
        rotation = Quaternion(x=qx, y=qy, z=qz, w=qw)
        placed = Transform(translation=Vector3(x=x, y=y, z=z), rotation=rotation)
        messages.append(TransformStamped(header=header, child_frame_id=name, transform=placed))
    return messages


class TransformTopic:
    """A publisher of transforms; without tf2_msgs it is none and does nothing.

    Args:
        node: whose topic it is.
        topic: `/tf` or `/tf_static`.
        qos: of it.
        event_callbacks: of it.
    """

    def __init__(
        self,
        node: Node,
        topic: str,
        qos: QoSProfile | int,
        event_callbacks: PublisherEventCallbacks | None = None,
    ) -> None:
        self._out = None
        if TFMessage is not None:
            self._out = node.create_publisher(
                TFMessage, topic, qos, event_callbacks=event_callbacks
            )

    @property
    def is_wanted(self) -> bool:
        """Whether somebody listens."""
        return self._out is not None and self._out.get_subscription_count() > 0

    def publish(self, transforms: Iterable[TransformStamped]) -> None:
        """Publish transforms, all in one message."""
        if self._out is not None:
            self._out.publish(TFMessage(transforms=list(transforms)))
