# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.robot.backends.backend import make_backend
from vi_ik_ros.nodes.robot.backends.comau_file import load_comau_file
from vi_ik_ros.nodes.robot.parameters import RobotInterfaceParameters
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.scene import load_scene

CELL = Path(__file__).parents[4] / "config" / "comau_cell.yaml"


def settings(**told) -> RobotInterfaceParameters:
    return RobotInterfaceParameters(**told)


def test_the_defaults_are_those_of_the_gate_with_the_workspace_of_the_scene():
    scene = load_scene("screw_slot")
    assert settings().limits(scene) == Limits.of(scene)
    assert settings(hard_force=9.0).limits(scene).hard_force == 9.0


def test_the_shipped_cell_can_be_made_without_a_robot():
    backend = make_backend(settings(backend="comau", comau_file=str(CELL)))
    assert not backend.is_simulation and not backend.drive_on and backend.error_bits == 0
    assert backend.cell is not None and len(backend.cell.start) == 6


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"backend": "gazebo"}, "parameter backend: got gazebo, expected one of analytic"),
        ({"scene": "screw_slott"}, "scene: got screw_slott"),
        ({"robot": "racer55"}, "racer55"),
        ({"backend": "comau"}, "parameter comau_file: got nothing"),
        ({"backend": "comau", "lock_step": True}, "parameter lock_step: got True"),
        ({"backend": "comau", "comau_file": "/nowhere.yaml"}, "comau_file: got /nowhere.yaml"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_field(told, line):
    with pytest.raises(InvalidInput, match=line):
        make_backend(settings(**told))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("host: 127.0.0.1", ""), "comau.host: got nothing"),
        (("sensor_type: 7", "sensor_type: 7.5"), "comau.sensor_type: got 7.5, expected a whole"),
        (("sensor_type: 7", "sensor_type: 4"), "comau.sensor_type: got 4, expected 5 to 9"),
        (("start_speed", "start_sped"), "comau.start_sped: got an unknown key, expected start_s"),
        (("start_speed: 0.1", "start_speed: fast"), "comau.start_speed: got fast, expected a num"),
        (("tcp: [0.0,", "tcp: [zero,"), r"comau.tcp\[0\]: got zero"),
    ],
)
def test_a_wrong_cell_file_is_refused_with_the_key(tmp_path, change, line):
    file = tmp_path / "cell.yaml"
    file.write_text(CELL.read_text("utf-8").replace(*change))
    with pytest.raises(InvalidInput, match=line):
        load_comau_file(file)


def test_a_tool_of_another_length_than_the_scenes_is_refused(tmp_path):
    file = tmp_path / "cell.yaml"
    file.write_text(CELL.read_text("utf-8").replace("0.15", "0.25"))
    with pytest.raises(InvalidInput, match="comau.tcp"):
        make_backend(settings(backend="comau", comau_file=str(file)))
