# SPDX-License-Identifier: Apache-2.0
"""What is recorded, read by the libraries that other tools use."""

from functools import partial

import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from vi_ik_ros.cli.recording.recording_file import RecordingFile
from vi_ik_ros.cli.recording.service_events import read_service_events
from vi_ik_ros.cli.skill.files.definitions import definition, definition_parts
from vi_ik_ros.exceptions import InvalidInput

pytest.importorskip("rclpy")

from service_msgs.msg import ServiceEventInfo  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from vi_ik_ros.nodes.recording.exchange import exchanges, side_of  # noqa: E402
from vi_ik_ros.nodes.recording.recorder import EVENT_TYPE  # noqa: E402
from vi_ik_ros.nodes.recording.serialization import exact_bytes  # noqa: E402
from vi_ik_ros.nodes.recording.type_text import installed_text  # noqa: E402
from vi_ik_ros.nodes.sampling.conversions import pose_to_msg  # noqa: E402
from vi_ik_ros.srv import SampleConfigurations  # noqa: E402

TOPIC = "/sampler/sample/_service_event"
POSE = (0.4, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0)
NAMES = definition_parts(EVENT_TYPE, installed_text)
TEXTS = {name: NAMES[name] for name in NAMES if not name.endswith(("_Event", "Info"))}


def event(number: int) -> bytes:
    request = SampleConfigurations.Request(targets=[pose_to_msg(POSE)], seed=number, num_samples=3)
    info = ServiceEventInfo(event_type=ServiceEventInfo.REQUEST_RECEIVED, sequence_number=number)
    info.stamp.sec = 100 + number
    return exact_bytes(SampleConfigurations.Event(info=info, request=[request]))


@pytest.fixture
def open_file(tmp_path):
    def make(name="a.mcap", text_of=installed_text):
        return RecordingFile(tmp_path / name, partial(definition, text_of=text_of))

    return make


def write_calls(file: RecordingFile, numbers) -> None:
    for number in numbers:
        stamps = {"received": number, "published": number}
        file.write(TOPIC, EVENT_TYPE, event(number), **stamps)
        side = side_of(event(number))
        file.write(f"/sampler/sample/{side.name}", side.kind, side.data, **stamps)


def test_other_readers_find_the_index_the_types_and_the_values(open_file, tmp_path):
    with open_file() as file:
        write_calls(file, range(1, 4))
        file.write(
            "/said", "std_msgs/msg/String", exact_bytes(String(data="x")), received=9, published=8
        )
    with (tmp_path / "a.mcap").open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True, decoder_factories=[DecoderFactory()])
        assert reader.get_header().profile == "ros2"
        summary = reader.get_summary()
        assert summary.statistics.message_count == 7
        assert {schema.encoding for schema in summary.schemas.values()} == {"ros2msg"}
        topics = ["/sampler/sample/request", "/said"]
        found = [
            (channel.topic, message.sequence, decoded)
            for _, channel, message, decoded in reader.iter_decoded_messages(topics=topics)
        ]
    assert [(topic, number) for topic, number, _ in found] == [
        *((topics[0], number) for number in range(3)),
        (topics[1], 0),
    ]
    assert [one.seed for _, _, one in found[:3]] == [1, 2, 3]
    assert found[0][2].targets[0].position.z == 0.5
    assert found[3][2].data == "x"


def test_what_was_recorded_is_read_again(open_file, tmp_path):
    with open_file() as file:
        write_calls(file, range(1, 4))
    read = read_service_events(tmp_path / "a.mcap", EVENT_TYPE, TEXTS)
    assert not read.trouble
    assert [one.request.seed for one in exchanges(read.events, "file")] == [1, 2, 3]


def test_what_was_flushed_outlives_the_process(open_file, tmp_path):
    file = open_file()
    file.__enter__()  # The process is killed: nobody ends it.
    write_calls(file, range(1, 4))
    file.flush()
    write_calls(file, range(4, 6))
    cut = tmp_path / "cut.mcap"
    cut.write_bytes((tmp_path / "a.mcap").read_bytes())
    file.__exit__(None, None, None)
    read = read_service_events(cut, EVENT_TYPE, TEXTS)
    assert read.trouble
    assert len(read.events) == 3
    assert len(read_service_events(tmp_path / "a.mcap", EVENT_TYPE, TEXTS).events) == 5


@pytest.mark.parametrize("part", [0.4, 0.7, 0.95])
def test_files_that_are_cut_anywhere_give_what_is_whole(open_file, tmp_path, part):
    with open_file() as file:
        for number in range(1, 41):
            write_calls(file, [number])
            file.flush()
    data = (tmp_path / "a.mcap").read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(data[: int(part * len(data))])
    read = read_service_events(cut, EVENT_TYPE, TEXTS)
    assert read.trouble
    assert 0 < len(read.events) <= 40


def test_a_file_that_is_there_is_left_alone(open_file, tmp_path):
    (tmp_path / "a.mcap").write_bytes(b"precious")
    with pytest.raises(FileExistsError), open_file():
        pass
    assert (tmp_path / "a.mcap").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "MCAP"), (b"no recording at all, but long enough for one", "MCAP")],
)
def test_what_is_no_mcap_is_refused(tmp_path, data, words):
    path = tmp_path / "a.mcap"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=words):
        read_service_events(path, EVENT_TYPE, TEXTS)


def test_a_recording_without_calls_is_refused(open_file, tmp_path):
    with open_file() as file:
        file.write("/said", "std_msgs/msg/String", exact_bytes(String()), received=1, published=1)
    with pytest.raises(InvalidInput, match="got std_msgs/msg/String, expected .* calls"):
        read_service_events(tmp_path / "a.mcap", EVENT_TYPE, TEXTS)


def test_calls_of_other_fields_are_refused(open_file, tmp_path):
    def older(name):
        return installed_text(name).replace("float64 temperature", "float32 temperature")

    with open_file(text_of=older) as file:
        write_calls(file, [1])
    with pytest.raises(InvalidInput, match="SampleConfigurations_Request.*another definition"):
        read_service_events(tmp_path / "a.mcap", EVENT_TYPE, TEXTS)


def test_definitions_as_ros2_bag_writes_them_are_understood(tmp_path):
    def texts(name):
        return "" if name.endswith("_Event") else installed_text(name)

    rule = "=" * 80
    service = f"{installed_text('vi_ik_ros/SampleConfigurations_Request')}---\n"
    service += installed_text("vi_ik_ros/SampleConfigurations_Response")
    text = f"{rule}\nSRV: vi_ik_ros/srv/SampleConfigurations\n{service}"
    parts = [name for name in TEXTS if "SampleConfigurations" not in name]
    text += "".join(f"\n{rule}\nMSG: {name}\n{texts(name)}" for name in parts)
    with RecordingFile(tmp_path / "bag_0.mcap", lambda kind: text) as file:
        file.write(TOPIC, EVENT_TYPE, event(7), received=1, published=1)
    read = read_service_events(tmp_path / "bag_0.mcap", EVENT_TYPE, TEXTS)
    assert exchanges(read.events, "bag")[0].request.seed == 7
