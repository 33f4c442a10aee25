# SPDX-License-Identifier: Apache-2.0
"""What only the types of moveit_msgs themselves can show; skipped where they are not installed."""

import pytest

from vi_ik_ros.nodes.sampling.conversions import pose_to_msg
from vi_ik_ros.nodes.sampling.position_ik.codes import Code

srv = pytest.importorskip("moveit_msgs.srv", reason="moveit_msgs is not installed")
POSE = (0.4, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0)


def test_codes_are_those_of_moveit():
    from moveit_msgs.msg import MoveItErrorCodes

    assert {code.name: int(code) for code in Code} == {
        code.name: getattr(MoveItErrorCodes, code.name) for code in Code
    }


def test_node_answers_planners(session):
    client = session.user.create_client(srv.GetPositionIK, f"{session.name}/compute_ik")
    request = srv.GetPositionIK.Request()
    request.ik_request.pose_stamped.pose = pose_to_msg(POSE)
    response = session.call(client, request)
    assert response.error_code.val == Code.SUCCESS
    assert len(response.solution.joint_state.position) == 7
    request.ik_request.group_name = "nobody"
    assert session.call(client, request).error_code.val == Code.INVALID_GROUP_NAME


def test_node_does_not_offer_it_unless_wanted(start, store):
    node = start(model_store=str(store), default_model="tiny_pose", position_ik=False)
    names = [name for name, _ in node.user.get_service_names_and_types()]
    assert f"{node.name}/compute_ik" not in names
