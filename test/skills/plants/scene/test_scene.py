# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.scene import Scene, load_scene
from vi_ik_ros.skills.plants.scene.reading import read
from vi_ik_ros.skills.plants.scene.scene import Stream, generator


@pytest.fixture
def scene():
    return load_scene("screw_slot")


def test_a_drawn_scene_is_decided_by_its_seed_and_has_nothing_left_to_draw(scene):
    drawn = scene.drawn(3)
    assert drawn == scene.drawn(3) != scene.drawn(4)
    assert drawn.drawn(5) == drawn
    assert replace(drawn, plate=scene.plate, uncertainty=scene.uncertainty) == scene


def test_plates_are_as_far_from_the_nominal_one_as_the_scene_says(scene):
    poses = np.array([scene.drawn(seed).plate.pose for seed in range(2000)])
    x, y, z = (poses[:, :3] - scene.plate.pose[:3]).T
    yaw = Rotation.from_quat(poses[:, 3:]).as_rotvec()
    assert 0.0019 < np.abs(x).max() <= 0.002 and abs(x.mean()) < 1e-4
    np.testing.assert_allclose([y.std(), z.std()], [0.0005, 0.0003], rtol=0.06)
    np.testing.assert_allclose(yaw[:, 2].std(), 0.02618, rtol=0.06)
    assert np.abs(yaw[:, :2]).max() < 1e-12


def test_streams_do_not_repeat_each_other():
    draws = {generator(seed, stream).random() for seed in range(5) for stream in Stream}
    assert len(draws) == 10


def test_plain_values_make_the_same_scene_again(scene):
    again = read(Scene, scene.plain(), "scene")
    assert again == scene and again.digest == scene.digest
    assert replace(scene, friction=0.2).digest != scene.digest


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda s: replace(s, recess=replace(s.recess, depth=0.02)), "scene.recess.depth"),
        (lambda s: replace(s, recess=replace(s.recess, width=0.009)), "scene.recess.width"),
        (lambda s: replace(s, recess=replace(s.recess, length=0.07)), "scene.recess.length"),
        (lambda s: replace(s, start=(0.43, 0.0, 0.7, 1.0, 0.0, 0.0, 0.0)), "scene.start"),
    ],
)
def test_geometry_that_cannot_be_is_refused(scene, change, field):
    with pytest.raises(InvalidInput) as refused:
        change(scene)
    assert refused.value.field == field
