# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.scene.scene_file import scene_names


@pytest.fixture
def write(tmp_path):
    """Write screw_slot with one value changed; its keys are joined by dots."""

    def change(key, value):
        values = load_scene("screw_slot").plain()
        *parents, last = key.split(".")
        place = values
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
        path = tmp_path / "scene.yaml"
        path.write_text(yaml.safe_dump(values))
        return path

    return change


def test_every_shipped_scene_is_valid_and_has_its_file_s_name():
    assert scene_names() == ["peg_oblong", "screw_cell", "screw_cross", "screw_slot"]
    assert [load_scene(name).name for name in scene_names()] == scene_names()
    assert load_scene("screw_cross").recess.shape == "cross"


def test_a_path_is_read_too(write):
    assert load_scene(write("friction", 0.3)).friction == 0.3
    assert load_scene(str(write("delay_ticks", 2))).delay_ticks == 2


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("frictoin", 0.1, "scene.frictoin: got an unknown key, expected friction"),
        ("tool.mass", None, "scene.tool.mass: got nothing"),
        ("plate.size", [80.0, 60.0, 10.0], "scene.plate.size[0]: got 80.0, expected a number"),
        ("plate.size", [0.1, 0.1], "scene.plate.size: got [0.1, 0.1], expected a list of 3"),
        ("recess.shape", "slit", "scene.recess.shape: got slit, expected slot"),
        ("delay_ticks", 1.5, "scene.delay_ticks: got 1.5, expected a whole number"),
        ("friction", True, "scene.friction: got True"),
        ("friction", ".nan", "scene.friction: got .nan"),
        ("friction", float("nan"), "scene.friction: got nan"),
        ("servo", 15.0, "scene.servo: got 15.0, expected a mapping with frequency"),
        ("start", [0.43, 0.0, 0.56, 1.0, 1.0, 0.0, 0.0], "expected a quaternion qx qy qz qw"),
        ("name", "", "scene.name: got '', expected a name"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(write, key, value, line):
    with pytest.raises(InvalidInput) as refused:
        load_scene(write(key, value))
    assert line in str(refused.value)


def test_wrong_files_and_names_are_told_in_one_line(tmp_path):
    for name, line in [
        ("screw_slo", "expected a path, or screw_slot"),
        (str(tmp_path / "none.yaml"), "a readable YAML file"),
    ]:
        with pytest.raises(InvalidInput, match=line):
            load_scene(name)
    path = tmp_path / "broken.yaml"
    for text, line in [
        ("a: [", "line 1"),
        ("a: 1\na: 2\n", "line 2: a is written twice"),
        ("- 1", "a mapping"),
    ]:
        path.write_text(text)
        with pytest.raises(InvalidInput, match=line):
            load_scene(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput):
        load_scene(path)
