# SPDX-License-Identifier: Apache-2.0
"""The launch files against the package: read as source here, run by test_ros2_launch.py."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from vi_ik_ros.nodes.launching.arguments import EVERY, RVIZ, Argument
from vi_ik_ros.nodes.parameters import SamplerParameters, TrainerParameters
from vi_ik_ros.nodes.processes.node_process import NODES
from vi_ik_ros.nodes.robot.parameters import RobotInterfaceParameters
from vi_ik_ros.nodes.skill.parameters import SkillParameters

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "launch").glob("*.launch.py"))
NAMES = [file.name.partition(".")[0] for file in FILES]
PARAMETERS = {
    "sampler": SamplerParameters,
    "trainer": TrainerParameters,
    "robot_interface": RobotInterfaceParameters,
    "skill": SkillParameters,
}
PROMISED = {  # arguments that users know, besides those that every node has
    "bringup": {"robot", "model", "device", "backend", "scene", "skill", "rviz", "rviz_frame"},
    "sampler": {"robot", "model", "rviz"},
    "trainer": {"device"},
    "robot_interface": {"backend", "scene", "comau_file", "arm"},
    "skill": {"skill", "robot_prefix", "rviz"},
    "screw_cell": {"backend", "comau_file", "rviz"},
    "gazebo": {"scene", "worlds", "gz_args", "namespace", "log_level"},
}
SHARED = {one.name for one in EVERY}


def source(name: str) -> ast.Module:
    return ast.parse((ROOT / "launch" / f"{name}.launch.py").read_text("utf-8"))


def tables(name: str) -> dict:
    """What a launch file says as plain data: its constants, made without launch."""
    needs_launch = re.compile(r"from (launch|ament_index|vi_ik_ros\.nodes\.launching\.(?!arg))")
    plain = [
        node
        for node in source(name).body
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Assign)
        and not needs_launch.match(ast.unparse(node))
    ]
    values: dict = {}
    exec(compile(ast.Module(plain, []), name, "exec"), values)
    return values


def arguments(name: str) -> dict[str, Argument]:
    """The arguments that a launch file declares."""
    declared = [*tables(name)["ARGUMENTS"], *(EVERY if name in PARAMETERS else ())]
    assert len({one.name for one in declared}) == len(declared)
    return {one.name: one for one in declared}


def calls(tree: ast.Module, name: str) -> list[ast.Call]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [node for node in found if isinstance(node.func, ast.Name) and node.func.id == name]


def assigned(name: str, variable: str) -> list[ast.expr]:
    nodes = [node for node in ast.walk(source(name)) if isinstance(node, ast.Assign)]
    return [node.value for node in nodes if ast.unparse(node.targets[0]) == variable]


def executables() -> set[str]:
    cmake = (ROOT / "CMakeLists.txt").read_text("utf-8")
    return set(re.findall(r"^install_executable\((\w+) \S+ lib/", cmake, re.MULTILINE))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_source_is_short_and_documented(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 60
    assert "ros2 launch vi_ik_ros " + path.name in ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("name", NAMES)
def test_source_declares_every_argument_with_a_description(name: str) -> None:
    declared = arguments(name)
    assert PROMISED[name] <= set(declared)
    assert name == "gazebo" or set(declared) >= SHARED
    assert all(one.description.endswith(".") for one in declared.values())


@pytest.mark.parametrize("name", NAMES)
def test_source_uses_only_declared_arguments(name: str) -> None:
    tree, known = source(name), set(arguments(name))
    used = [*calls(tree, "LaunchConfiguration"), *calls(tree, "value_of")]
    texts = {arg.value for call in used for arg in call.args if isinstance(arg, ast.Constant)}
    assert texts <= known
    if calls(tree, "rviz") or calls(tree, "skill_base"):
        assert {"rviz", "rviz_frame", "namespace", "use_sim_time"} <= known
    assert not calls(tree, "skill_base") or "skill_base" in known


@pytest.mark.parametrize("name", PARAMETERS)
def test_source_sets_only_parameters_of_the_node(name: str) -> None:
    known = {field.name: field for field in fields(PARAMETERS[name])}
    for one in arguments(name).values():
        if one.parameter:
            assert one.default == "", "an argument that is not given must leave the file's value"
            assert isinstance(known[one.parameter].default, str)
    (call,) = calls(source(name), "launch_node")
    if any(pair.arg == "shown_by" for pair in call.keywords):
        (shown_by,) = assigned(name, "shown_by")
        assert isinstance(known[ast.literal_eval(shown_by)].default, bool)


@pytest.mark.parametrize("name", PARAMETERS)
def test_source_starts_an_installed_executable_of_its_name(name: str) -> None:
    (call,) = calls(source(name), "launch_node")
    assert call.args[0].value == name
    assert name in NODES and f"{name}_node" in executables()


def test_every_node_is_in_the_bringup_which_passes_on_only_what_is_known() -> None:
    bringup = tables("bringup")
    assert set(bringup["NODES"]) == set(NODES)
    for name, passed in bringup["NODES"].items():
        assert set(passed) <= set(arguments(name)) & set(arguments("bringup"))
        assert set(bringup["OWN"].get(name, {})) <= set(arguments(name))
    assert bringup["OWN"]["robot_interface"] == {"use_sim_time": "false"}  # It would refuse it.
    with_rviz = [name for name, passed in bringup["NODES"].items() if RVIZ.name in passed]
    assert with_rviz == ["sampler"]  # one window


def test_no_argument_of_the_bringup_means_another_thing_to_a_node_that_inherits_it() -> None:
    """Included files see all arguments of the file that includes them."""
    bringup = tables("bringup")
    for name, passed in bringup["NODES"].items():
        own = {one for one in arguments(name) if one not in passed} - SHARED
        overridden = set(bringup["OWN"].get(name, {}))
        assert not (own - overridden - {"rviz_frame"}) & set(arguments("bringup"))


@pytest.mark.parametrize("name", NAMES)
def test_source_names_only_files_that_exist(name: str) -> None:
    nodes = ast.walk(source(name))
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    named = {text for text in texts if re.fullmatch(r"[a-z][\w.]*\.(yaml|launch\.py|rviz)", text)}
    existing = {file.name for folder in ("config", "launch") for file in (ROOT / folder).iterdir()}
    assert named <= existing


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_file_of_parameters_names_only_parameters_of_the_node(name: str) -> None:
    text = (ROOT / "config" / f"{name}.yaml").read_text("utf-8")
    (node, ros), *others = yaml.safe_load(text).items()
    assert (node, others) == (f"/**/{name}", [])
    commented = re.findall(r"^    # (\w+): ", text, re.MULTILINE)
    known = {field.name for field in fields(PARAMETERS[name])}
    assert {*ros["ros__parameters"], *commented} <= known


def test_the_screw_cell_gives_the_bringup_all_but_what_it_trains_on() -> None:
    cell, known = tables("screw_cell"), set(arguments("bringup"))
    assert set(arguments("screw_cell")) | set(cell["CELL"]) == known - {"device"}


def test_the_screw_cell_is_the_same_without_launch() -> None:
    cell = tables("screw_cell")["CELL"]
    text = (ROOT / "config" / "screw_cell.yaml").read_text("utf-8")
    given = {name.removeprefix("/**/"): own for name, own in yaml.safe_load(text).items()}
    given = {name: own["ros__parameters"] for name, own in given.items()}
    assert given["sampler"] == {"default_model": cell["model"], "robot": cell["robot"]}
    assert given["robot_interface"]["scene"] == cell["scene"]
    assert given["skill"] == {"default_skill": cell["skill"]}
    for name, own in given.items():
        assert set(own) <= {field.name for field in fields(PARAMETERS[name])}
