# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.documents.reach_document import reach_document
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.turning_joints import turning_joints


@pytest.mark.parametrize(
    ("arm", "joints"),
    [
        ("panda", ()),
        ("ur10", (0, 1, 2, 3, 4, 5)),
        ("xarm7", (0, 2, 4, 6)),
        ("kinova_j2s6", (0, 3, 5)),
        ("tiago_arm", ()),
    ],
)
def test_joints_turn_that_are_continuous_or_have_a_turn_of_room(arm, joints):
    assert turning_joints(load_objectives(reach_document(RobotModel.load(arm)))).joints == joints


@pytest.mark.parametrize(
    ("arm", "name", "density", "turns"),
    [
        # A posture tells one turn of a wide joint from another; of a continuous one there is one.
        ("ur10", "wrist_3_joint", {"type": "normal", "mean": [0.0], "std": 0.5}, False),
        ("ur10", "wrist_3_joint", {"type": "normal_cdf", "lower": -1.0, "std": 0.1}, False),
        ("kinova_j2s6", "j2s6s200_joint_6", {"type": "normal", "mean": [0.0], "std": 0.5}, True),
    ],
)
def test_experts_that_count_turns_are_heard(arm, name, density, turns):
    document = reach_document(RobotModel.load(arm))
    posture = {"type": "configuration", "joints": [name]}
    document["objectives"].append({"name": "posture", "transform": posture, "density": density})
    objectives = load_objectives(document)
    column = objectives.robot.joint_names.index(name)
    assert (column in turning_joints(objectives).joints) is turns
