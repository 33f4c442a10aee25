# SPDX-License-Identifier: Apache-2.0
"""An exported learning run, read by the message types that ROS 2 generates."""

import math
from collections import Counter

import numpy as np
from geometry_msgs.msg import PointStamped, WrenchStamped
from mcap.reader import make_reader
from rclpy.serialization import deserialize_message

from vi_ik_ros.cli.skill.files.mcap_file import write_mcap
from vi_ik_ros.cli.skill.stage import Stage
from vi_ik_ros.msg import Episode
from vi_ik_ros.nodes.skill.episode_messages import episode_from_msg
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.skills.learning.optimizer import Suggestion

TYPES = {
    "vi_ik_ros/msg/Episode": Episode,
    "geometry_msgs/msg/WrenchStamped": WrenchStamped,
    "geometry_msgs/msg/PointStamped": PointStamped,
}


def test_generated_types_read_every_message(tmp_path):
    episode, trace = Stage.of("screw_insertion", None, "analytic").run({}, 1)
    suggestion = Suggestion(np.full(3, 0.5), math.nan, "drawn")
    entry = StoredEpisode(1, suggestion, episode, 0.0, 0.5, 1.75e9)
    path = tmp_path / "run.mcap"
    write_mcap(path, [entry], lambda number: trace)
    counts = Counter()
    with path.open("rb") as file:
        for schema, channel, message in make_reader(file).iter_messages():
            decoded = deserialize_message(message.data, TYPES[schema.name])
            stamp = decoded.header.stamp
            assert stamp.sec * 10**9 + stamp.nanosec == message.log_time
            counts[channel.topic] += 1
            if schema.name == "vi_ik_ros/msg/Episode":
                assert episode_from_msg(decoded).digest() == decoded.digest == episode.digest()
            elif channel.topic == "/skill/wrench":
                wrench = trace.wrenches[counts[channel.topic] - 1]
                assert decoded.wrench.torque.y == wrench[4]
    assert counts["/wrench"] == len(trace.raw_times)
    assert counts["/skill/episode"] == 1
