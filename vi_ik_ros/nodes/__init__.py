# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 nodes and what they need to talk: the only home of rclpy."""
