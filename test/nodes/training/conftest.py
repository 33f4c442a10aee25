# SPDX-License-Identifier: Apache-2.0
import copy
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from rclpy.serialization import deserialize_message, serialize_message

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.msg import ObjectiveSet
from vi_ik_ros.sampling.experts.yaml_document import read_yaml

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def received():
    """Carry a set as DDS does."""

    def carry(message: ObjectiveSet) -> ObjectiveSet:
        return deserialize_message(serialize_message(message), ObjectiveSet)

    return carry


@pytest.fixture(scope="session")
def files() -> Mapping[str, dict]:
    """Objectives files by name: those that are shipped, and hand-made ones."""
    shipped = (share_dir() / "config" / "objectives").glob("*.yaml")
    handmade = read_yaml(Path(__file__).with_name("handmade_sets.yaml"))
    return {path.stem: read_yaml(path) for path in shipped} | handmade


@pytest.fixture
def planar(files) -> dict:
    """A small valid file with a context, to be broken by tests."""
    return copy.deepcopy(files["planar3_position"])
