# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics import robot_description
from vi_ik_ros.kinematics.robot_description import load_description, robot_aliases
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir

REQUIRED = {
    "planar2": 2,
    "planar3": 3,
    "planar4": 4,
    "planar6": 6,
    "planar8": 8,
    "planar10": 10,
    "planar_bimanual": 5,
    "panda": 7,
    "racer5": 6,
    "talos": 34,
    "ur10": 6,
    "xarm7": 7,
    "kinova_j2s6": 6,
    "tiago_arm": 7,
}


@pytest.mark.parametrize("alias", REQUIRED)
def test_every_promised_robot_loads(alias):
    robot = RobotModel.load(alias)
    assert (robot.name, robot.spec, robot.nq) == (alias, alias, REQUIRED[alias])
    assert robot.within_limits(robot.ready)[0]
    assert np.isfinite([robot.lower, robot.upper]).all()


def test_no_other_alias_is_in_the_file():
    assert set(robot_aliases()) == set(REQUIRED)


def test_a_path_an_address_a_mapping_and_text_name_the_same_robot(tmp_path):
    path = share_dir() / "urdf" / "racer5.urdf"
    specs = [path, str(path), {"urdf": str(path)}, path.read_text(encoding="utf-8")]
    digests = {RobotModel.load(spec).digest for spec in specs}
    assert digests == {RobotModel.load("racer5").digest}
    relative = "example-robot-data:ur_description/urdf/ur10_robot.urdf"
    assert load_description(relative).urdf == load_description("example-robot-data:ur10_robot").urdf


def test_a_relative_path_starts_at_the_working_directory(
    tmp_path, monkeypatch, write_urdf, tree_urdf
):
    write_urdf(tree_urdf)
    monkeypatch.chdir(tmp_path)
    assert RobotModel.load("robot.urdf").spec == "robot.urdf"


def test_defaults_are_the_root_link_and_the_end_of_the_longest_arm(tree_robot):
    assert (tree_robot.root, tree_robot.tip) == ("trunk", "z_hand")


def test_a_mapping_is_kept_as_it_was_given(tree_urdf):
    spec = {"urdf": tree_urdf, "locked": {"z_rail": 0}, "name": "mine"}
    robot = RobotModel.load(spec)
    assert (robot.spec, robot.name) == (spec, "mine")
    assert RobotModel.load(robot.spec).digest == robot.digest


REFUSED = {
    "misspelt alias": ("pandaa", "robot: got pandaa, .*panda"),
    "missing file": ("nowhere/robot.urdf", "robot.urdf: got nowhere/robot.urdf"),
    "missing example": ("example-robot-data:pandaa", "close to it: panda"),
    "ambiguous example": ("example-robot-data:talos", "talos_reduced"),
    "empty": ("", "an alias"),
    "number": (3, "an alias"),
    "no urdf": ({}, "robot.urdf"),
    "unknown key": ({"urdf": "panda", "roott": "x"}, "robot.roott: .*root"),
    "tip no name": ({"urdf": "<robot/>", "tip": 3}, "robot.tip"),
    "locked no mapping": ({"urdf": "<robot/>", "locked": ["a"]}, "robot.locked"),
    "locked no number": ({"urdf": "<robot/>", "locked": {"a": "x"}}, "robot.locked.a"),
    "locked false": ({"urdf": "<robot/>", "locked": False}, "robot.locked"),
    "locked too large": ({"urdf": "<robot/>", "locked": {"a": 10**400}}, "robot.locked.a"),
    "name no text": ({"urdf": "<robot/>", "name": 7}, "robot.name: got 7, expected a name"),
    "name empty": ({"urdf": "<robot/>", "name": ""}, "robot.name: .*expected a name"),
    "locked not finite": ({"urdf": "<robot/>", "locked": {"a": np.inf}}, "robot.locked.a"),
    "base no mapping": ({"urdf": "<robot/>", "floating_base": 3}, "robot.floating_base"),
    "base unknown key": ({"urdf": "<robot/>", "floating_base": {"pose": 1}}, "nominal_pose"),
    "base short pose": ({"urdf": "<robot/>", "floating_base": {"nominal_pose": [1]}}, "x y z qx"),
    "base quaternion": (
        {"urdf": "<robot/>", "floating_base": {"nominal_pose": [0, 0, 0, 0, 0, 0, 2]}},
        "norm 1",
    ),
    "base range": ({"urdf": "<robot/>", "floating_base": {"position_range": 0}}, "above 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_description_is_refused_in_one_line(case):
    spec, reason = REFUSED[case]
    with pytest.raises(RobotError, match=reason) as caught:
        load_description(spec)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"locked": {"z_rial": 0.0}}, "robot.locked: got z_rial, .*z_rail"),
        ({"locked": {"a_mount": 0.0}}, "robot.locked: got a_mount"),
        ({"locked": {"z_rail": 1.0}}, r"robot.locked.z_rail: got 1.0, .*-0.2 .. 0.4"),
        ({"ready": {"z_rial": 0.0}}, "robot.ready: got z_rial, .*z_rail"),
        ({"ready": {"z_shoulder": 9.0}}, "robot.ready.z_shoulder: got 9.0"),
        ({"tip": "z_hnd"}, "tip: got z_hnd, .*z_hand"),
    ],
)
def test_names_and_values_must_fit_the_urdf(tree_urdf, change, reason):
    with pytest.raises(RobotError, match=reason):
        RobotModel.load({"urdf": tree_urdf, **change})


def test_a_floating_base_needs_the_name_world(tree_urdf):
    text = tree_urdf.replace('"trunk"', '"world"')
    assert RobotModel.load(text).root == "world"
    with pytest.raises(RobotError, match="no link named world"):
        RobotModel.load({"urdf": text, "floating_base": True})


def test_a_missing_example_robot_data_is_said_plainly(monkeypatch):
    monkeypatch.setattr(robot_description.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RobotError, match="example-robot-data, .*installed"):
        load_description("ur10")
