# SPDX-License-Identifier: Apache-2.0
import hashlib
import importlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.skills.plants.scene import load_scene

ROOT = Path(__file__).parents[4]


def digest(seed):
    """Hash all that an episode into the recess measures."""
    plant, found = MujocoPlant(load_scene("screw_slot")), hashlib.sha256()
    plant.reset(seed)
    for tick in range(120):
        velocity = np.array([0.0, 0.0, -0.02]) if tick < 11 else np.array([0.01, 0.0, -0.001])
        result = plant.tick(Twist(velocity, np.zeros(3)))
        found.update(result.wrenches.tobytes() + result.T_base_tcp.tobytes())
    return found.hexdigest()


def test_a_model_is_compiled_once(exact_scene):
    plant = MujocoPlant(load_scene("screw_slot"))
    model = plant.contact.model
    for seed in range(3):
        plant.reset(seed)
    plant.reset(0, exact_scene)
    assert plant.contact.model is model
    plant.reset(0, replace(exact_scene, friction=0.3))
    assert plant.contact.model is not model


def test_the_flange_has_six_joints_and_the_tool_three_springs(exact_scene):
    model = MujocoPlant(exact_scene).contact.model
    assert (model.nv, model.nu) == (9, 6)
    assert model.opt.timestep == 1 / 850
    np.testing.assert_allclose(model.jnt_stiffness[6:], exact_scene.tool.stiffness)


def test_the_cross_is_entered_by_both_blades(move):
    scene = load_scene("screw_cross")
    unsure = replace(scene.uncertainty, x=0.0, y_std=0.0, z_std=0.0, yaw_std=0.0)
    plant = MujocoPlant(replace(scene, uncertainty=unsure))
    for offset, depth in ((0.0, 2.3), (1.0, 0.0)):  # [mm]
        plant.reset(0)
        for twist in (move(x=40.0, y=5.0 * offset), move(z=-20.0), move(z=-11.0)):
            for _ in range(10):
                result = plant.tick(twist)
        for _ in range(30):
            result = plant.tick(move())
        spring = -result.wrenches[-10:, 2].mean() / scene.tool.stiffness[2]
        tip = result.T_base_tcp[2, 3] + spring
        assert scene.plate.pose[2] - tip == pytest.approx(1e-3 * min(depth, 2.2), abs=3e-4)


def test_a_missing_package_is_told_in_one_line(monkeypatch, exact_scene):
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(InvalidInput, match="backend: got mujoco, expected the package mujoco"):
        MujocoPlant(exact_scene)


def test_an_opengl_that_is_not_there_is_told_in_one_line(monkeypatch, exact_scene):
    def fail(name):
        raise RuntimeError("invalid value for environment variable")

    monkeypatch.setattr(importlib, "import_module", fail)
    monkeypatch.setenv("MUJOCO_GL", "abacus")
    with pytest.raises(InvalidInput, match="MUJOCO_GL: got abacus, expected nothing, or an OpenGL"):
        MujocoPlant(exact_scene)


@pytest.mark.slow
def test_two_processes_find_the_same_digest():
    program = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    program += "from test_mujoco_plant import digest; print(digest(5))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest(5) != digest(6)
