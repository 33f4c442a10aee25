# SPDX-License-Identifier: Apache-2.0
"""The launch files against the package: read as source here, run by test_ros2_launch.py."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from vi_ik_ros.nodes.parameters import SamplerParameters, TrainerParameters
from vi_ik_ros.nodes.robot.parameters import RobotInterfaceParameters
from vi_ik_ros.nodes.skill.parameters import SkillParameters

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "launch").glob("*.launch.py"))
EVERY = {"namespace", "use_sim_time", "params_file", "log_level"}
ARGUMENTS = {
    "sampler": {"model", "robot", *EVERY},
    "trainer": {"device", *EVERY},
    "robot_interface": {"backend", "scene", "comau_file", *EVERY},
    "skill": {"skill", "robot", *EVERY},
    "gazebo": {"scene", "worlds", "gz_args", "namespace", "log_level"},
}
PARAMETERS = {
    "sampler": SamplerParameters,
    "trainer": TrainerParameters,
    "robot_interface": RobotInterfaceParameters,
    "skill": SkillParameters,
}


def calls(path: Path, name: str) -> list[ast.Call]:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    found = [node for node in nodes if isinstance(node, ast.Call)]
    return [node for node in found if isinstance(node.func, ast.Name) and node.func.id == name]


def keywords(call: ast.Call) -> dict[str, object]:
    """The keyword arguments that are constants."""
    pairs = {pair.arg: pair.value for pair in call.keywords}
    return {name: v.value for name, v in pairs.items() if isinstance(v, ast.Constant)}


def strings(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def source(node: str) -> ast.Module:
    return ast.parse((ROOT / "launch" / f"{node}.launch.py").read_text("utf-8"))


def declared_arguments(name: str) -> dict[str, str]:
    """Name and description of each argument in the table of a node's launch file."""
    tables = [
        node.value
        for node in ast.walk(source(name))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "arguments"
    ]
    return {row.elts[0].value: row.elts[2].value for row in tables[0].elts}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_source_is_short_and_documented(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 60
    assert "ros2 launch vi_ik_ros " + path.name in ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_source_declares_every_argument_with_a_description(name: str) -> None:
    declared = declared_arguments(name)
    assert set(declared) == ARGUMENTS[name]
    assert all(description.endswith(".") for description in declared.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_source_uses_only_declared_arguments(path: Path) -> None:
    used = {
        call.args[0].value
        for call in calls(path, "LaunchConfiguration")
        if isinstance(call.args[0], ast.Constant)
    }
    assert used <= ARGUMENTS.get(path.name.split(".")[0], set.union(*ARGUMENTS.values()))


@pytest.mark.parametrize("name", PARAMETERS)
def test_source_sets_only_parameters_of_the_node(name: str) -> None:
    (table,) = [
        ast.literal_eval(node.value)
        for node in source(name).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PARAMETERS"
    ]
    assert set(table) <= ARGUMENTS[name]
    assert set(table.values()) <= {field.name for field in fields(PARAMETERS[name])}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_source_starts_only_installed_executables(path: Path) -> None:
    cmake = (ROOT / "CMakeLists.txt").read_text("utf-8")
    ours = set(re.findall(r"^install_executable\((\w+) \S+ lib/", cmake, re.MULTILINE))
    nodes = [keywords(call) for call in calls(path, "Node")]
    assert nodes
    assert {n["executable"] for n in nodes if n["package"] == "vi_ik_ros"} <= ours


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_source_names_only_files_that_exist(path: Path) -> None:
    named = {
        text for text in strings(path) if re.fullmatch(r"[a-z][\w.]*\.(yaml|launch\.py)", text)
    }
    existing = {file.name for folder in ("config", "launch") for file in (ROOT / folder).iterdir()}
    assert named <= existing
