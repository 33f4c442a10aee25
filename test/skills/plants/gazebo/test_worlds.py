# SPDX-License-Identifier: Apache-2.0
"""The worlds that are shipped; those who have libsdformat's `ign sdf` check them with it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from vi_ik_ros.skills.plants.gazebo import bridge_yaml, world_sdf
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.scene.scene_file import scene_names

WORLDS = Path(__file__).parents[4] / "worlds"


def has_checker():
    """Whether `ign` is there, with its command sdf (of libsdformat-dev)."""
    if shutil.which("ign") is None:
        return False
    done = subprocess.run(["ign", "--commands"], capture_output=True, text=True, timeout=60)
    return "sdf" in done.stdout.split()


needs_ign = pytest.mark.skipif(
    not has_checker(),
    reason="no `ign sdf`: apt install sdformat-sdf ignition-tools libsdformat-dev",
)


def check(path):
    return subprocess.run(["ign", "sdf", "-k", path], capture_output=True, text=True, timeout=60)


def test_each_scene_is_shipped_as_the_generator_writes_it_today():
    expected = {}
    for name in scene_names():
        scene = load_scene(name)
        expected[f"{scene.name}.sdf"] = world_sdf(scene)
        expected[f"{scene.name}_bridge.yaml"] = bridge_yaml(scene)
    found = {path.name: path.read_text("utf-8") for path in WORLDS.iterdir()}
    assert found == expected, "vi-ik world SCENE --out worlds"


def test_shipped_files_say_that_they_are_generated():
    for path in WORLDS.iterdir():
        top = path.read_text("utf-8")[:400]
        assert "SPDX-License-Identifier: Apache-2.0" in top and "`vi-ik world`" in top


@needs_ign
@pytest.mark.parametrize("name", scene_names())
def test_ign_sdf_finds_a_shipped_world_valid(name):
    done = check(WORLDS / f"{name}.sdf")
    assert (done.returncode, done.stdout.strip()) == (0, "Valid."), done.stderr


@needs_ign
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<mass>0.3</mass>", "<mass>-0.3</mass>"),
        ("<child>tool</child>", "<child>hammer</child>"),
        ('name="floor_seen"', 'name="floor"'),  # the name of another element of the link
        ("</world>", ""),
    ],
)
def test_ign_sdf_refuses_a_broken_world(tmp_path, right, wrong):
    text = (WORLDS / "screw_slot.sdf").read_text("utf-8")
    assert right in text
    broken = tmp_path / "broken.sdf"
    broken.write_text(text.replace(right, wrong), encoding="utf-8")
    assert check(broken).returncode != 0
