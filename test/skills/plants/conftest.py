# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.skills.plants.scene import load_scene


@pytest.fixture
def exact_scene():
    """The screw without noise, at its nominal pose."""
    scene = load_scene("screw_slot")
    return replace(
        scene,
        uncertainty=replace(scene.uncertainty, x=0.0, y_std=0.0, z_std=0.0, yaw_std=0.0),
        force_torque=replace(scene.force_torque, force_noise=0.0, torque_noise=0.0),
    )


@pytest.fixture
def move():
    """Make a twist from x, y, z [mm/s] and rotations [rad/s]."""

    def make(x=0.0, y=0.0, z=0.0, rx=0.0, ry=0.0, rz=0.0, frame="base_link"):
        return Twist(1e-3 * np.array([x, y, z], float), np.array([rx, ry, rz], float), frame)

    return make
