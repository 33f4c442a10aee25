# SPDX-License-Identifier: Apache-2.0
import copy
from pathlib import Path

import pytest
import torch
import yaml

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def panda():
    return RobotModel.load("panda")


@pytest.fixture(scope="session")
def turning_arm():
    """Two joints: one without limits, one with."""
    joints = [("turn", "continuous", "base", "middle"), ("bend", "revolute", "middle", "tip")]
    limit = '<limit lower="-1.0" upper="2.0" effort="1" velocity="1"/>'
    parts = [f'<link name="{link}"/>' for link in ("base", "middle", "tip")]
    parts += [
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="0.5 0 0"/><axis xyz="0 0 1"/>{limit if kind == "revolute" else ""}</joint>'
        for name, kind, parent, child in joints
    ]
    return RobotModel.load({"urdf": f'<robot name="turning">{"".join(parts)}</robot>'})


@pytest.fixture(scope="session")
def objectives_dir() -> Path:
    return share_dir() / "config" / "objectives"


@pytest.fixture
def planar_mapping(objectives_dir):
    """A valid objectives mapping with one conditioned objective, to be broken by tests."""
    return copy.deepcopy(yaml.safe_load((objectives_dir / "planar3_position.yaml").read_text()))


@pytest.fixture
def configurations():
    """Draw configurations inside the limits of a robot."""

    def draw(robot, num=6, seed=0):
        generator = torch.Generator().manual_seed(seed)
        lower, upper = torch.tensor(robot.lower), torch.tensor(robot.upper)
        share = torch.rand(num, len(lower), generator=generator, dtype=torch.float64)
        return lower + (upper - lower) * share

    return draw
