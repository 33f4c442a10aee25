# SPDX-License-Identifier: Apache-2.0
"""Which frames targets may be given in, and how they reach the model's base."""

import numpy as np
from builtin_interfaces.msg import Time as TimeMsg
from rclpy.node import Node
from rclpy.time import Time

from vi_ik_ros.exceptions import RequestError
from vi_ik_ros.kinematics.pose import pose_to_matrix

try:  # tf2 comes with a ROS 2 distribution, not with the wheels.
    from tf2_ros import Buffer, TransformException, TransformListener
except ImportError:
    Buffer = None


class FrameLookup:
    """Where a frame of a request stands in the base frame of the model that answers it."""

    def __init__(self, node: Node) -> None:
        """Listen to tf2 where it is installed."""
        self._buffer = None
        if Buffer is not None:
            self._buffer = Buffer()
            self._listener = TransformListener(self._buffer, node)

    def pose_of(self, frame: str, stamp: TimeMsg, base: str) -> np.ndarray | None:
        """Find T_base_frame.

        Args:
            frame: frame of the targets; '' or `base` itself is the base.
            stamp: time of the transform; 0 = the latest.
            base: base frame of the model.

        Returns:
            (4, 4), or None if the frame is the base.

        Raises:
            RequestError: the frame is not known; the message names those that are.
        """
        if frame in ("", base):
            return None
        if self._buffer is None:
            raise RequestError("header.frame_id", frame, f"'{base}' or '' (tf2 is not installed)")
        try:
            found = self._buffer.lookup_transform(base, frame, Time.from_msg(stamp)).transform
        except TransformException as error:
            reason = f"'{base}', '' or a frame that tf2 relates to it ({error})"
            raise RequestError("header.frame_id", frame, reason) from error
        p, r = found.translation, found.rotation
        return pose_to_matrix(np.array([p.x, p.y, p.z, r.x, r.y, r.z, r.w]))
