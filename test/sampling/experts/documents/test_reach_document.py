# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.documents.reach_document import reach_document
from vi_ik_ros.sampling.experts.objective_file import load_objectives


def test_a_robot_alone_gives_the_target_that_its_own_file_gives() -> None:
    panda = RobotModel.load("panda")
    made = load_objectives(reach_document(panda))
    shipped = load_objectives(share_dir() / "config" / "objectives" / "panda_pose.yaml")
    q = torch.from_numpy(panda.ready)[None]
    pose = torch.tensor([[0.3, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    assert [entry.kind for entry in made.context_entries] == ["pose"]
    torch.testing.assert_close(
        made.product.log_density(q, pose), shipped.product.log_density(q, pose)
    )


@pytest.mark.parametrize(("tip", "axes", "kind"), [(None, "xy", "vector"), ("tip", "", "position")])
def test_a_position_leaves_the_orientation_open(tip, axes, kind) -> None:
    robot = RobotModel.load("planar3")
    made = load_objectives(reach_document(robot, tip=tip, position_only=True, axes=axes))
    (entry,) = made.context_entries
    assert (entry.kind, entry.size) == (kind, len(axes) or 3)


def test_a_robot_that_is_a_mapping_stays_one() -> None:
    spec = {"urdf": str(share_dir() / "urdf" / "racer5.urdf"), "tip": "flange"}
    document = reach_document(RobotModel.load(spec))
    assert document["robot"] == spec
    assert load_objectives(document).robot.tip == "flange"
