# SPDX-License-Identifier: Apache-2.0
"""Recordings that a real MCAP writer wrote."""

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as PlainWriter
from mcap_ros2.writer import Writer

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.recordings.configuration_file import read_configurations
from vi_ik_ros.kinematics.recordings.joint_state_recording import JOINT_STATE, read_joint_states
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.wire_rows import to_wire, wire_names

Q = np.array([[0.5, 1.0], [0.7, -1.2], [1.5, 0.25]])
NAMES = ["joint_1", "joint_2"]
DEFINITION = """std_msgs/Header header
string[] name
float64[] position
float64[] velocity
float64[] effort
================================================================================
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
================================================================================
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""


def state(names, positions):
    stamp = {"sec": 12, "nanosec": 345}
    header = {"stamp": stamp, "frame_id": "base"}
    numbers = [float(number) for number in positions]
    return {"header": header, "name": names, "position": numbers, "effort": [0.0] * len(numbers)}


def write(path, messages, compression=CompressionType.ZSTD):
    """Write (topic, names, positions) one after the other, among messages of another type."""
    with path.open("wb") as file, Writer(file, chunk_size=500, compression=compression) as writer:
        text = writer.register_msgdef("std_msgs/msg/String", "string data")
        joints = writer.register_msgdef(JOINT_STATE, DEFINITION)
        for number, (topic, names, positions) in enumerate(messages):
            writer.write_message("/rosout", text, {"data": "hello"}, log_time=number)
            writer.write_message(topic, joints, state(names, positions), log_time=number)
    return path


def refusal(path, names=NAMES, topic=None):
    with pytest.raises(InvalidInput) as caught:
        read_joint_states(path, names, topic)
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("compression", list(CompressionType))
def test_the_wanted_joints_come_in_the_wanted_order(tmp_path, compression):
    names = ["finger", "joint_2", "joint_1"]
    rows = [("/joint_states", names, [9.0, b, a]) for a, b in Q]
    recording = read_joint_states(write(tmp_path / "a.mcap", rows, compression), NAMES)
    np.testing.assert_array_equal(recording.q, Q)
    assert recording.counts == {"/joint_states": 3} and recording.num_skipped == 0
    assert recording.remarks() == ()


def test_a_floating_base_is_recorded_as_a_pose_or_as_in_the_chart(tmp_path):
    talos = RobotModel.load("talos")
    q = np.random.default_rng(0).uniform(talos.lower, talos.upper, (3, talos.nq))
    forms = ((wire_names(talos.joint_names), to_wire(talos, q)), (talos.joint_names, q))
    for names, rows in forms:
        messages = [("/joint_states", list(names), row) for row in rows]
        read = read_configurations(write(tmp_path / "t.mcap", messages), talos)
        np.testing.assert_allclose(read, q, atol=1e-12)
    joints = [("/joint_states", list(talos.joint_names[6:]), row[6:]) for row in q]
    with pytest.raises(InvalidInput, match="base_x, .*base_qw"):
        read_configurations(write(tmp_path / "j.mcap", joints), talos)


def test_a_recording_gives_configurations_of_a_robot(tmp_path):
    robot = RobotModel.load("planar2")
    path = write(tmp_path / "A.MCAP", [("/js", NAMES[::-1], row[::-1]) for row in Q])
    np.testing.assert_array_equal(read_configurations(path, robot), Q)
    path = write(tmp_path / "b.mcap", [("/js", NAMES, [0.5, 1.0]), ("/js", NAMES, [0.5, 99.0])])
    with pytest.raises(InvalidInput, match=r"b.mcap: row 2, joint_2: got 99.0, expected"):
        read_configurations(path, robot)


def test_messages_that_lack_a_joint_are_skipped_and_counted(tmp_path):
    rows = [
        ("/js", ["joint_1"], [0.1]),
        ("/js", NAMES, Q[0]),
        ("/js", NAMES, []),  # efforts only
        ("/js", NAMES, [0.5]),
        ("/js", NAMES, [0.5, np.nan]),
        ("/js", NAMES, Q[1]),
    ]
    remarks = []
    robot = RobotModel.load("planar2")
    q = read_configurations(write(tmp_path / "a.mcap", rows), robot, remark=remarks.append)
    np.testing.assert_array_equal(q, Q[:2])
    assert len(remarks) == 1 and remarks[0].startswith("4 of 6 messages were skipped")


def test_several_topics_are_read_in_the_order_of_time_unless_one_is_named(tmp_path):
    rows = [("/left", NAMES, Q[0]), ("/right", NAMES, Q[1]), ("/left", NAMES, Q[2])]
    path = write(tmp_path / "a.mcap", rows)
    both = read_joint_states(path, NAMES)
    np.testing.assert_array_equal(both.q, Q)
    assert "2 of /left, 1 of /right" in both.remarks()[0] and "--topic" in both.remarks()[0]
    one = read_joint_states(path, NAMES, "/left")
    np.testing.assert_array_equal(one.q, Q[::2])
    assert one.remarks() == ()
    assert "--topic: got /rosout, expected one of /left, /right" in refusal(path, topic="/rosout")


@pytest.mark.parametrize("use_chunking", [True, False])
def test_a_recording_without_a_summary_is_read(tmp_path, use_chunking):
    whole = write(tmp_path / "whole.mcap", [("/js", NAMES, row) for row in Q])
    bare = tmp_path / "bare.mcap"
    copy_without_summary(whole, bare, use_chunking)
    np.testing.assert_array_equal(read_joint_states(bare, NAMES).q, Q)


def copy_without_summary(source, target, use_chunking):
    off = {"use_statistics": False, "use_summary_offsets": False}
    off |= {"repeat_channels": False, "repeat_schemas": False, "index_types": IndexType.NONE}
    with source.open("rb") as old, target.open("wb") as new:
        writer = PlainWriter(new, use_chunking=use_chunking, **off)
        writer.start(profile="ros2", library="")
        channels = {}
        for schema, channel, message in make_reader(old).iter_messages():
            if channel.topic not in channels:
                number = writer.register_schema(schema.name, schema.encoding, schema.data)
                made = writer.register_channel(channel.topic, channel.message_encoding, number)
                channels[channel.topic] = made
            times = {"log_time": message.log_time, "publish_time": message.publish_time}
            writer.add_message(channels[channel.topic], data=message.data, **times)
        writer.finish()
    with target.open("rb") as new:
        assert make_reader(new).get_summary() is None


def test_a_file_without_such_a_topic_is_refused_by_what_it_has(tmp_path):
    assert f"topics: got none, expected a topic of type {JOINT_STATE}" in refusal(
        write(tmp_path / "empty.mcap", [])
    )
    path = tmp_path / "text.mcap"
    with path.open("wb") as file, Writer(file) as writer:
        text = writer.register_msgdef("std_msgs/msg/String", "string data")
        writer.write_message("/rosout", text, {"data": "hello"}, log_time=1)
    assert "topics: got /rosout, expected" in refusal(path)


def test_joints_that_were_never_recorded_are_named(tmp_path):
    path = write(tmp_path / "a.mcap", [("/js", ["elbow", "joint_1"], [0.0, 0.0])])
    line = refusal(path)
    assert "a.mcap: joints: got elbow, joint_1, expected" in line
    assert line.endswith("finite positions of joint_2")
    apart = [("/a", ["joint_1"], [0.0]), ("/b", ["joint_2"], [0.0])]
    assert refusal(write(tmp_path / "b.mcap", apart)).endswith("joint_1, joint_2 together")


def test_another_encoding_is_refused(tmp_path):
    path = tmp_path / "a.mcap"
    with path.open("wb") as file:
        writer = PlainWriter(file)
        writer.start(profile="", library="")
        schema = writer.register_schema(JOINT_STATE, "jsonschema", b"{}")
        channel = writer.register_channel("/js", "json", schema)
        writer.add_message(channel, log_time=1, publish_time=1, data=b"{}")
        writer.finish()
    assert "got /js in json, expected CDR" in refusal(path)


def test_a_damaged_file_is_one_line(tmp_path):
    path = write(tmp_path / "a.mcap", [("/js", NAMES, row) for row in np.tile(Q, (10, 1))])
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for length in (0, 7, 8, *rng.integers(9, len(whole), 20)):
        path.write_bytes(whole[:length])
        assert "mcap recover" in refusal(path)
    path.write_bytes(b"no recording at all " * 20)
    assert "whole MCAP file" in refusal(path)


def test_changed_bits_of_the_data_never_give_other_numbers(tmp_path):
    path = write(tmp_path / "a.mcap", [("/js", NAMES, row) for row in np.tile(Q, (10, 1))])
    whole = path.read_bytes()
    with path.open("rb") as file:
        chunks = make_reader(file).get_summary().chunk_indexes
    rng, refused = np.random.default_rng(1), 0
    for chunk in rng.choice(chunks, 40):
        end = chunk.chunk_start_offset + chunk.chunk_length
        place = rng.integers(end - chunk.compressed_size, end)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        try:
            q = read_joint_states(path, NAMES).q
        except InvalidInput as error:
            refused += "mcap recover" in str(error)
        else:  # a bit that says nothing, or a chunk without joints
            np.testing.assert_array_equal(q, np.tile(Q, (10, 1)))
    assert refused > 20
