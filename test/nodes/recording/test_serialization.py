# SPDX-License-Identifier: Apache-2.0
import pytest
from geometry_msgs.msg import Pose
from rcl_interfaces.msg import Log
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, JointState
from std_msgs.msg import Empty, Header

from vi_ik_ros.nodes.recording.serialization import exact_bytes
from vi_ik_ros.srv import ListModels, SampleConfigurations

Request, Response = SampleConfigurations.Request, SampleConfigurations.Response
MESSAGES = [
    Empty(),
    ListModels.Request(),
    Header(frame_id="grüß"),
    Log(level=20, name="a", msg="bcd", line=7),
    JointState(name=["a", "bc"], position=[1.0, 2.0], effort=[3.0]),
    CameraInfo(d=[0.5], distortion_model="plumb_bob"),  # arrays of a fixed size
    Request(targets=[Pose(), Pose()], model="m", context=[1.0], reference=[2.0] * 7),
    Response(),
    Response(error_code=1, error_msg="model: got nope"),
    Response(counts=[1], target_msg=["x", ""], positions=[0.0] * 7, converged=[True, False]),
    Response(source=b"\x00\x01", redraw_rate=0.5),
    SampleConfigurations.Event(request=[Request(num_samples=3)]),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_bytes_are_all_of_a_message_and_no_more(message):
    data = exact_bytes(message)
    assert deserialize_message(data, type(message)) == message
    with pytest.raises(Exception, match=r"."):  # RMWError, which only rclpy's C module has
        deserialize_message(data[:-1], type(message))
