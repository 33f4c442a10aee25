# SPDX-License-Identifier: Apache-2.0
import xml.etree.ElementTree as ElementTree

import pytest

from vi_ik_ros.skills.plants.gazebo import world_sdf
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.scene.scene_file import scene_names


@pytest.fixture(params=scene_names())
def scene(request):
    return load_scene(request.param)


@pytest.fixture
def world(scene):
    """The element <world> of the scene."""
    return ElementTree.fromstring(world_sdf(scene)).find("world")


@pytest.fixture
def tool(world):
    """The element <model> of flange, springs and tool."""
    return world.find("model[@name='tool']")
