# SPDX-License-Identifier: Apache-2.0
"""Quality of service by what the data is."""

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

# Requests that one service keeps for later. Those of all its clients wait in one queue, and all its
# answers go to every client, which looks for its own: the 10 of ROS 2 are too few for 11 clients.
MOST_WAITING = 1000


def latched(depth: int = 1) -> QoSProfile:
    """State-like data: reliable, and the last `depth` messages reach a reader that comes late."""
    return QoSProfile(
        depth=depth,
        history=HistoryPolicy.KEEP_LAST,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )


def sensor_data(depth: int) -> QoSProfile:
    """Streams to read: best effort, so publishers of either reliability are heard."""
    return QoSProfile(
        depth=depth,
        history=HistoryPolicy.KEEP_LAST,
        reliability=ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.VOLATILE,
    )


def requests(depth: int = 16) -> QoSProfile:
    """What is dealt with one after another: reliable, none is lost while `depth` of them wait."""
    return QoSProfile(
        depth=depth,
        history=HistoryPolicy.KEEP_LAST,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.VOLATILE,
    )
