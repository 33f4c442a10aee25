# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.viewer.scene_pictures.scene_renderer import SceneRenderer


@pytest.fixture(params=["screw_slot", "screw_cross"])
def scene(request):
    return load_scene(request.param)


@pytest.fixture
def plant(scene):
    return MujocoPlant(scene)


@pytest.fixture
def renderer(plant):
    """Draws small pictures, where there is OpenGL."""
    try:
        found = SceneRenderer(plant, width=160, height=120)
    except InvalidInput as error:
        if error.field != "MUJOCO_GL":
            raise
        pytest.skip(str(error))
    with found:
        yield found
