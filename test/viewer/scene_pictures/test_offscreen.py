# SPDX-License-Identifier: Apache-2.0
import mujoco
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.viewer.scene_pictures import offscreen


@pytest.mark.parametrize(
    ("libraries", "name"), [({"EGL", "OSMesa"}, "egl"), ({"OSMesa"}, "osmesa"), (set(), "egl")]
)
def test_egl_is_taken_where_it_is(monkeypatch, libraries, name):
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(offscreen, "find_library", lambda one: one if one in libraries else None)
    assert offscreen.backend() == name


def test_the_environment_decides_and_errors_are_one_line(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "Abacus")
    with pytest.raises(
        InvalidInput, match="MUJOCO_GL: got abacus, expected an OpenGL .*apt install libegl1"
    ):
        offscreen.Offscreen(mujoco.MjModel.from_xml_string("<mujoco/>"))
