# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.robot.messages.scene_numbers import scene_from_numbers, scene_to_numbers
from vi_ik_ros.skills.plants.scene import load_scene


@pytest.mark.parametrize("name", ["screw_slot", "screw_cross"])
def test_a_scene_comes_back_from_its_numbers(name):
    scene, other = load_scene(name), load_scene("screw_slot")
    assert scene_from_numbers(scene_to_numbers(scene), other) == replace(scene, name=other.name)


def test_no_numbers_change_nothing_and_seven_move_the_plate():
    scene = load_scene("screw_slot")
    assert scene_from_numbers([], scene) is scene
    pose = (0.44, 0.01, 0.556, 0.0, 0.0, 0.0, 1.0)
    moved = scene_from_numbers(pose, scene)
    assert moved == replace(scene, plate=replace(scene.plate, pose=pose))


def test_what_cannot_be_a_scene_is_refused_with_the_field():
    scene = load_scene("screw_slot")
    numbers = scene_to_numbers(scene)
    with pytest.raises(InvalidInput, match="scene: got 3 numbers, expected none, 7"):
        scene_from_numbers([1.0, 2.0, 3.0], scene)
    with pytest.raises(InvalidInput, match=r"scene.recess.shape: got 4.0"):
        shape = numbers.index(0.0016) - 1
        scene_from_numbers([*numbers[:shape], 4.0, *numbers[shape + 1 :]], scene)
    with pytest.raises(InvalidInput, match=r"scene.plate.pose"):
        scene_from_numbers([0.44, 0.0, 0.556, 0.0, 0.0, 0.0, 0.5], scene)
