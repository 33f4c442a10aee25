# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.gazebo import bridge_yaml, world_sdf
from vi_ik_ros.skills.plants.gazebo.world_sdf import time_step
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.scene.geometry.plate_boxes import plate_boxes


def numbers(element, path):
    return np.array([float(word) for word in element.findtext(path).split()])


def test_the_plate_is_made_of_the_boxes_of_the_scene(scene, world):
    plate = world.find("model[@name='plate']")
    assert plate.findtext("static") == "true"
    np.testing.assert_allclose(numbers(plate, "pose"), scene.plate.pose)
    found = {
        solid.get("name"): (numbers(solid, "pose")[:3], numbers(solid, "geometry/box/size"))
        for solid in plate.iter("collision")
    }
    expected = plate_boxes(scene)
    assert set(found) == set(expected)
    for name, (middle, size) in found.items():
        low, high = np.array(expected[name]).T
        np.testing.assert_allclose(middle - 0.5 * size, low, atol=1e-12)
        np.testing.assert_allclose(middle + 0.5 * size, high, atol=1e-12)


def test_everything_is_seen_where_it_is_touched(world):
    for link in world.iter("link"):
        seen = {visual.get("name"): visual for visual in link.findall("visual")}
        for solid in link.findall("collision"):
            visual = seen[f"{solid.get('name')}_seen"]
            for path in ("pose", "geometry"):
                a, b = (list(e.find(path).itertext()) for e in (solid, visual))
                assert a == b


def test_friction_is_that_of_the_scene(scene, world):
    coefficients = [float(e.text) for name in ("mu", "mu2") for e in world.iter(name)]
    assert len(coefficients) == 2 * len(list(world.iter("collision"))) > 0
    assert set(coefficients) == {scene.friction}


def test_a_step_divides_ticks_and_samples_and_is_at_most_a_millisecond(scene, world):
    step = float(world.findtext("physics/max_step_size"))
    assert step == pytest.approx(time_step(scene), rel=1e-11)
    assert 0.5e-3 <= step <= 1e-3
    for rate in (scene.control_rate, scene.force_torque.rate):
        steps = 1.0 / (rate * time_step(scene))
        assert steps == pytest.approx(round(steps), abs=1e-9)


def test_the_engine_is_dart_without_gravity(world):
    assert world.find("physics").get("type") == "dart"
    assert not numbers(world, "gravity").any()


def test_the_systems_that_the_world_needs_are_loaded(world):
    names = {plugin.get("name").split("::")[-1] for plugin in world.findall("plugin")}
    assert names == {"Physics", "UserCommands", "SceneBroadcaster", "ForceTorque"}


def test_the_plate_of_an_episode_is_where_its_seed_puts_it(scene):
    drawn = scene.drawn(5)
    nominal, moved = world_sdf(scene).splitlines(), world_sdf(drawn).splitlines()
    (line,) = [b for a, b in zip(nominal, moved, strict=True) if a != b]
    pose = [float(word) for word in line.split(">")[1].split("<")[0].split()]
    difference = pose_to_matrix(np.array(pose)) - pose_to_matrix(np.array(drawn.plate.pose))
    np.testing.assert_allclose(difference, 0.0, atol=1e-11)


@pytest.mark.parametrize("write", [world_sdf, bridge_yaml])
@pytest.mark.parametrize("name", ["../up", "two words", "<world>", "7th"])
def test_a_name_that_is_none_for_files_and_topics_is_refused(write, name):
    with pytest.raises(InvalidInput, match="scene.name"):
        write(replace(load_scene("screw_slot"), name=name))
