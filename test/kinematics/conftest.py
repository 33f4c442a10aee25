# SPDX-License-Identifier: Apache-2.0
"""Robots that several kinematics tests share."""

from pathlib import Path

import numpy as np
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir

OWN_ROBOTS = sorted(path.stem for path in (share_dir() / "urdf").glob("*.urdf"))

# Children are not in alphabetical order, axes are oblique or negative, and every kind of joint is
# there: what a serial arm with z axes would not show.
TREE = """<robot name="tree">
  <link name="trunk"><inertial><mass value="2"/><origin xyz="0.1 0 0"/>
    <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="z_arm"><inertial><mass value="1"/><origin xyz="0 0.2 0.1"/>
    <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="z_slide"><inertial><mass value="0.5"/><origin xyz="0.3 0 0.1"/>
    <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="z_hand"><inertial><mass value="0.3"/><origin xyz="0 0 0.1"/>
    <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="a_arm"><inertial><mass value="0.7"/><origin xyz="0.1 0.1 0"/>
    <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="a_tool"/>
  <joint name="z_shoulder" type="revolute"><parent link="trunk"/><child link="z_arm"/>
    <origin xyz="0.1 0.2 0.3" rpy="0.3 -0.4 0.5"/><axis xyz="1 2 -3"/>
    <limit lower="-1.5" upper="2" velocity="1" effort="1"/></joint>
  <joint name="z_rail" type="prismatic"><parent link="z_arm"/><child link="z_slide"/>
    <origin xyz="0 0.1 0.2" rpy="1 0 0"/><axis xyz="-1 0 0.5"/>
    <limit lower="-0.2" upper="0.4" velocity="1" effort="1"/></joint>
  <joint name="z_wrist" type="continuous"><parent link="z_slide"/><child link="z_hand"/>
    <origin xyz="0.2 0 0" rpy="0 0.7 0"/><axis xyz="0 0 -1"/></joint>
  <joint name="a_shoulder" type="continuous"><parent link="trunk"/><child link="a_arm"/>
    <origin xyz="0 -0.2 0.3" rpy="0 0 1"/><axis xyz="0 1 0"/></joint>
  <joint name="a_mount" type="fixed"><parent link="a_arm"/><child link="a_tool"/>
    <origin xyz="0 0 0.4" rpy="0 1 0"/></joint>
</robot>"""

FLOATING = {"nominal_pose": [0.4, -0.3, 1.0, 0.5, 0.5, -0.5, 0.5], "position_range": 1.0}

CASES = {
    **{name: {"spec": name} for name in OWN_ROBOTS},
    "talos": {"spec": "talos"},
    "kinova": {"spec": "kinova_j2s6"},
    "tree": {"spec": TREE},
    "tree_moving_root": {"spec": TREE, "root": "z_slide", "tip": "a_tool"},
    "tree_floating": {"spec": {"urdf": TREE, "floating_base": FLOATING}},
    "tree_floating_moving_root": {
        "spec": {"urdf": TREE, "floating_base": FLOATING, "root": "a_tool", "tip": "z_hand"}
    },
}


@pytest.fixture(scope="session")
def robots() -> dict[str, RobotModel]:
    """Every robot of CASES, loaded once."""
    return {name: RobotModel.load(**case) for name, case in CASES.items()}


@pytest.fixture(params=CASES)
def robot(request, robots) -> RobotModel:
    """One robot of CASES after another."""
    return robots[request.param]


@pytest.fixture
def tree_robot(robots) -> RobotModel:
    """A fixed-base tree with every kind of joint."""
    return robots["tree"]


@pytest.fixture
def draw():
    """Draw configurations (n, nq) within the limits of a robot."""

    def draw(robot: RobotModel, n: int, seed: int = 0) -> np.ndarray:
        generator = np.random.default_rng(seed)
        return generator.uniform(robot.lower, robot.upper, (n, robot.nq))

    return draw


@pytest.fixture
def write_urdf(tmp_path):
    """Write a URDF and return its path."""

    def write(text: str) -> Path:
        path = tmp_path / "robot.urdf"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def tree_urdf() -> str:
    """The URDF of `tree_robot`."""
    return TREE
