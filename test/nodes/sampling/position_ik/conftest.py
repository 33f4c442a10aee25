# SPDX-License-Identifier: Apache-2.0
"""Requests of a planner: the types of moveit_msgs where installed, and a stand-in anywhere."""

from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState, MultiDOFJointState

from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.nodes.sampling.conversions import pose_to_msg
from vi_ik_ros.nodes.sampling.position_ik.conversions import CONSTRAINTS
from vi_ik_ros.nodes.sampling.position_ik.front import PositionIk
from vi_ik_ros.nodes.sampling.served_models import ServedModels
from vi_ik_ros.sampling.store.model_store import ModelStore


def _robot_state() -> SimpleNamespace:
    parts = {"joint_state": JointState(), "multi_dof_joint_state": MultiDOFJointState()}
    return SimpleNamespace(**parts, attached_collision_objects=[], is_diff=False)


def stand_in_request() -> SimpleNamespace:
    asked = SimpleNamespace(
        group_name="",
        robot_state=_robot_state(),
        constraints=SimpleNamespace(name="", **{name: [] for name in CONSTRAINTS}),
        avoid_collisions=False,
        ik_link_name="",
        pose_stamped=PoseStamped(),
        ik_link_names=[],
        pose_stamped_vector=[],
        timeout=Duration(),
    )
    return SimpleNamespace(ik_request=asked)


def stand_in_response() -> SimpleNamespace:
    code = SimpleNamespace(val=0, message="", source="")
    return SimpleNamespace(solution=_robot_state(), error_code=code)


@pytest.fixture(params=["stand_in", "moveit_msgs"])
def types(request):
    """What makes an empty request and an empty response."""
    if request.param == "stand_in":
        return SimpleNamespace(Request=stand_in_request, Response=stand_in_response)
    reason = "moveit_msgs is not installed: only the stand-in is tested"
    return pytest.importorskip("moveit_msgs.srv", reason=reason).GetPositionIK


@pytest.fixture(scope="module")
def faults():
    return []


@pytest.fixture(scope="module")
def front(store, faults):
    def pose_of(frame, stamp, base):
        if frame in ("", base):
            return None
        assert frame == "shelf"
        T = np.eye(4)
        T[:3, 3] = (0.0, 0.0, 0.2)
        return T

    models = ServedModels(ModelStore(store))
    return PositionIk(
        models, SimpleNamespace(pose_of=pose_of), {"arm": "tiny_pose"}, "tiny_pose", 10,
        faults.append,
    )  # fmt: skip


@pytest.fixture
def asking(types, robot):
    """A request for the pose of a configuration, `q` of it, in the middle of the limits."""
    q = robot.ready + 0.1
    request = types.Request()
    pose = matrix_to_pose(robot.forward(q))
    request.ik_request.pose_stamped.pose = pose_to_msg(pose)
    return SimpleNamespace(request=request, asked=request.ik_request, q=q, types=types)
