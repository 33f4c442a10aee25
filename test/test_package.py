# SPDX-License-Identifier: Apache-2.0
"""The files that describe the package say the same things."""

import ast
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml

from vi_ik_ros.nodes.processes.node_process import NODES

ROOT = Path(__file__).parents[1]
CMAKE = (ROOT / "CMakeLists.txt").read_text("utf-8")
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
SETUP = (ROOT / "setup.py").read_text("utf-8")
INTERFACES = sorted(
    f"{path.parent.name}/{path.name}"
    for kind in ("msg", "srv", "action")
    for path in (ROOT / kind).glob(f"*.{kind}")
)
EXECUTABLES = re.findall(r"^install_executable\((\S+) (\S+) (\S+)\)", CMAKE, re.MULTILINE)


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    return dict(line.lower().split("==") for line in lines if not line.startswith("#"))


def requirements() -> list[str]:
    """Every requirement that setup.py, requirements-ros.txt and pyproject.toml state."""
    constants = {
        target.id: node.value
        for node in ast.parse(SETUP).body
        if isinstance(node, ast.Assign)
        for target in node.targets
    }
    named = [
        element.value
        for name in ("ROS_WHEELS", "CLUSTER", "VIDEO", "TEST", "DEV")
        for element in constants[name].elts
        if isinstance(element, ast.Constant)
    ]
    lines = (ROOT / "requirements-ros.txt").read_text("utf-8").splitlines()
    runtime = [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [*named, *runtime, *project["build-system"]["requires"]]


def test_cmake_builds_every_interface_file() -> None:
    assert sorted(re.findall(r'"((?:msg|srv|action)/\w+\.\w+)"', CMAKE)) == INTERFACES


@pytest.mark.parametrize("interface", INTERFACES)
def test_every_interface_field_is_commented(interface: str) -> None:
    lines = (ROOT / interface).read_text("utf-8").splitlines()
    assert lines[0] == "# SPDX-License-Identifier: Apache-2.0"
    assert lines[1].startswith("# "), "the header comment says what one message is"
    bare = [line for line in lines if line.strip() not in ("", "---") and "#" not in line]
    assert bare == []


@pytest.mark.parametrize("interface", INTERFACES)
def test_every_interface_is_generated(interface: str) -> None:
    kind, name = interface.split(".")[0].split("/")
    module = __import__(f"vi_ik_ros.{kind}", fromlist=[name])
    assert hasattr(module, name), "run `make setup`"


def test_error_codes_of_the_services_agree() -> None:
    from vi_ik_ros.srv import ListModels, SampleConfigurations

    sample, listing = SampleConfigurations.Response, ListModels.Response
    assert (listing.NONE, listing.INTERNAL) == (sample.NONE, sample.INTERNAL)


def test_the_manifest_names_what_cmake_finds() -> None:
    declared = {e.text for e in MANIFEST if e.tag in ("depend", "buildtool_depend", "test_depend")}
    found = set(re.findall(r"find_package\((\w+)", CMAKE))
    assert found <= declared
    assert MANIFEST.findtext("member_of_group") == "rosidl_interface_packages"
    assert MANIFEST.findtext("export/build_type") == "ament_cmake"


def test_interfaces_use_only_packages_that_they_depend_on() -> None:
    (dependencies,) = re.findall(r"DEPENDENCIES ([\w ]+)", CMAKE)
    text = "\n".join((ROOT / interface).read_text("utf-8") for interface in INTERFACES)
    used = set(re.findall(r"^([a-z_]+)/\w+", text, re.MULTILINE))
    assert used | {"action_msgs"} == set(dependencies.split())  # what actions are generated with


def test_every_node_has_an_executable() -> None:
    nodes = {(name, module) for name, module, place in EXECUTABLES if place.startswith("lib/")}
    assert nodes == {(f"{name}_node", module) for name, module in NODES.items()}


@pytest.mark.parametrize(("name", "module", "place"), EXECUTABLES)
def test_every_executable_has_its_main(name: str, module: str, place: str) -> None:
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    functions = [n.name for n in ast.parse(path.read_text("utf-8")).body if hasattr(n, "name")]
    assert "main" in functions


def test_setup_installs_the_program_that_cmake_installs() -> None:
    programs = [f"{name} = {module}:main" for name, module, place in EXECUTABLES if place == "bin"]
    assert re.findall(r'"console_scripts": \["(.*?)"\]', SETUP) == programs


@pytest.mark.parametrize("requirement", requirements())
def test_the_lock_pins_what_is_required(requirement: str) -> None:
    name, extra_and_bounds = re.match(r"([\w.-]+)(.*)", requirement.lower()).groups()
    assert name in pins()
    exact = re.search(r"==([\w.]+)", extra_and_bounds)
    assert exact is None or pins()[name] == exact[1]


def test_the_lock_has_no_label_and_no_hash() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert "torch==2.13.0\n" in text  # any build of that version, the CPU's too
    assert "+" not in text and "--hash" not in text


def test_yaml_files_are_readable() -> None:
    files = [
        *ROOT.glob("config/**/*.yaml"),
        ROOT / "CITATION.cff",
        ROOT / ".pre-commit-config.yaml",
    ]
    assert all(yaml.safe_load(path.read_text("utf-8")) for path in files)


def test_urdf_files_are_readable() -> None:
    files = list(ROOT.glob("urdf/*.urdf"))
    assert {ElementTree.parse(path).getroot().tag for path in files} == {"robot"}


def test_citation_has_the_version_of_the_manifest() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == MANIFEST.findtext("version")
    assert citation["license"] == MANIFEST.findtext("license")
