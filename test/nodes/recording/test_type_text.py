# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.recording.type_text import installed_text


def test_a_service_has_three_parts():
    request = installed_text("vi_ik_ros/SampleConfigurations_Request")
    response = installed_text("vi_ik_ros/SampleConfigurations_Response")
    assert "uint32 num_samples" in request
    assert "float64[] positions" not in request
    assert "float64[] positions" in response
    event = installed_text("vi_ik_ros/SampleConfigurations_Event").splitlines()
    assert event[1] == "vi_ik_ros/SampleConfigurations_Request[<=1] request"


def test_a_message_is_its_file():
    assert "string frame_id" in installed_text("std_msgs/Header")


@pytest.mark.parametrize("name", ["no_such/Type", "std_msgs/Nothing"])
def test_a_type_that_is_not_installed_is_refused(name):
    with pytest.raises(InvalidInput, match="installed"):
        installed_text(name)
