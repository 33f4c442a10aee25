# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.scene.geometry.recess_profile import RecessProfile


def at(scene, x=0.0, y=0.0, yaw=0.0):
    """Put the start x and y [m] from the middle of the recess, the tool turned by yaw [rad]."""
    position = np.add(scene.plate.pose[:3], [x, y, 0.001]).tolist()
    return replace(scene, start=(*position, np.cos(yaw / 2), np.sin(yaw / 2), 0.0, 0.0))


def sunk(scene, move):
    """Press the tip down and return where it is below the surface [m]."""
    plant = AnalyticPlant(scene)
    plant.reset(0)
    for tick in range(80):
        result = plant.tick(move(z=-20.0 if tick < 10 else 0.0))
    spring = -result.wrenches[-1, 2] / scene.tool.stiffness[2]
    return scene.plate.pose[2] - result.T_base_tcp[2, 3] - spring


def test_the_tip_falls_in_only_where_the_blade_fits(exact_scene, move):
    assert sunk(at(exact_scene), move) == pytest.approx(0.0025, abs=6e-4)
    assert sunk(at(exact_scene, y=0.0019), move) > 0.002
    assert sunk(at(exact_scene, y=0.0021), move) == pytest.approx(0.0, abs=1e-6)
    assert sunk(at(exact_scene, x=0.003), move) == pytest.approx(0.0, abs=1e-6)


def test_a_turned_blade_is_a_wider_one(exact_scene, move):
    widths = [RecessProfile.of(at(exact_scene, yaw=yaw)).half_width for yaw in (0.0, 0.1, -0.1)]
    np.testing.assert_allclose(widths, [0.0008, 0.0006, 0.0006], atol=1e-5)
    assert 0.0 < sunk(at(exact_scene, yaw=0.3), move) < 0.0004


def test_a_cross_needs_both_blades_to_fit():
    scene = load_scene("screw_cross")
    assert RecessProfile.of(scene).y_room == pytest.approx(0.001 - 0.00045)
