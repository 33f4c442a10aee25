# SPDX-License-Identifier: Apache-2.0
"""Messages as ROS 2 serialises them, with the definitions that it ships, in an MCAP file."""

import os
import sys
from pathlib import Path

import numpy as np
from builtin_interfaces.msg import Time
from mcap.writer import Writer
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from vi_ik_ros.kinematics.recordings.joint_state_recording import JOINT_STATE, read_joint_states

NAMES = ["panda_joint1", "panda_joint2", "panda_finger_joint1"]


def definition(package: str, name: str) -> str:
    """The text of a message file of this installation."""
    prefixes = [sys.prefix, *os.environ.get("AMENT_PREFIX_PATH", "").split(":")]
    files = [Path(prefix) / "share" / package / "msg" / f"{name}.msg" for prefix in prefixes]
    return next(file for file in files if file.is_file()).read_text("utf-8")


def test_what_ros_serialises_is_read(tmp_path):
    parts = [definition("sensor_msgs", "JointState")]
    for package, name in (("std_msgs", "Header"), ("builtin_interfaces", "Time")):
        parts.append(f"MSG: {package}/{name}\n{definition(package, name)}")
    text = f"\n{'=' * 80}\n".join(parts)
    rows = np.random.default_rng(0).uniform(-3.0, 3.0, (50, 3))
    with (tmp_path / "bag_0.mcap").open("wb") as file:
        writer = Writer(file, chunk_size=2000)
        writer.start(profile="ros2", library="")
        schema = writer.register_schema(JOINT_STATE, "ros2msg", text.encode())
        channel = writer.register_channel("/joint_states", "cdr", schema)
        for number, row in enumerate(rows):
            header = Header(stamp=Time(sec=number, nanosec=7), frame_id="x" * (number % 9))
            message = JointState(header=header, name=NAMES, position=row.tolist())
            message.effort = [0.5] * (number % 3)
            data = serialize_message(message)
            writer.add_message(channel, log_time=number, publish_time=number, data=data)
        writer.finish()
    recording = read_joint_states(tmp_path / "bag_0.mcap", NAMES[1::-1])
    np.testing.assert_array_equal(recording.q, rows[:, 1::-1])
