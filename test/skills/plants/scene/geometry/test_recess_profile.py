# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.skills.plants.scene.geometry.recess_profile import RecessProfile

SLOT = RecessProfile(half_width=0.0008, depth=0.0025, radius=0.00045, y_room=0.002)
NARROW = replace(SLOT, half_width=0.0003)


@pytest.mark.parametrize("profile", [SLOT, NARROW, SLOT.flat])
def test_the_path_is_continuous_and_its_tangent_is_its_derivative(profile):
    along = np.linspace(-0.002, 0.01, 4001)
    points = [profile.at(s) for s in along]
    places = np.array([[p.x, p.z] for p in points])
    tangents = np.array([[p.along_x, p.along_z] for p in points])
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert steps.max() < 1.001 * (along[1] - along[0])
    np.testing.assert_allclose(np.linalg.norm(tangents, axis=1), 1.0)
    turned = 1.0 - np.abs((np.diff(places, axis=0) / steps[:, None] * tangents[1:]).sum(1))
    assert (turned > 1e-3).sum() <= 6  # at the corners only


def test_the_tip_reaches_the_floor_and_stays_off_the_walls():
    places = np.array([[p.x, p.z] for p in map(SLOT.at, np.linspace(0.0, 0.0065, 2000))])
    assert places[:, 1].min() == pytest.approx(-SLOT.depth)
    deep = places[places[:, 1] < -SLOT.radius]
    assert np.abs(deep[:, 0]).max() <= SLOT.half_width - SLOT.radius + 1e-12


def test_a_narrow_recess_holds_the_tip_on_its_edges():
    lowest = min(NARROW.at(s).z for s in np.linspace(0.0, 0.001, 1000))
    r = NARROW.radius
    assert lowest == pytest.approx(np.sqrt(r**2 - 0.0003**2) - r, abs=1e-7)


@pytest.mark.parametrize("profile", [SLOT, NARROW, SLOT.flat])
def test_a_tip_touches_below_the_path_and_nowhere_above(profile):
    for s in np.linspace(-0.001, 0.006, 50):
        point = profile.at(s)
        normal = np.array([-point.along_z, point.along_x])
        out = np.array([point.x, point.z]) + 1e-6 * normal
        pressed = np.array([point.x, point.z]) - 1e-6 * normal
        assert profile.touch(*out) is None
        found = profile.touch(*pressed)
        assert found is not None
        near = profile.at(found)
        assert np.hypot(near.x - point.x, near.z - point.z) < 6e-5
