# SPDX-License-Identifier: Apache-2.0
"""The arrows of docs/design.md: who may import whom."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = "vi_ik_ros"
ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / PACKAGE).rglob("*.py"))

WINGS = ("kinematics", "sampling", "skills")
ARROWS = {  # unit -> what it may import of ours besides itself and exceptions
    "exceptions": (),
    "compiled": (),
    "sqlite_file": (),
    "strict_yaml": (),
    "kinematics": (),
    "sampling.models": (),
    "sampling.experts": ("kinematics", "strict_yaml"),
    "sampling.inference": ("sampling.models", "compiled"),
    "sampling.store": ("sampling.models", "kinematics.share", "sqlite_file"),
    "sampling.warm_start": (
        "sampling.models",
        "sampling.store",
        "sampling.experts",
        "kinematics",
        "compiled",
    ),
    "sampling.training": (
        "sampling.experts",
        "sampling.inference",
        "sampling.models",
        "sampling.store",
        "sampling.warm_start",
    ),
    "sampling": (),  # the folder's own __init__
    "skills.plants": ("kinematics", "strict_yaml"),
    "skills.execution": ("skills.plants", "kinematics"),
    "skills.learning": ("skills.execution", "sqlite_file"),
    "skills": (),
    "viewer": WINGS,
    "nodes": (*WINGS, "viewer", "msg", "srv", "action"),
    "benchmarks": (*WINGS, "nodes", "viewer"),
    "cli": (*WINGS, "nodes", "viewer", "benchmarks"),
}
ROS_MODULES = ("rclpy", "tf2_ros", "tf2_msgs", "rcl_interfaces", "ament_index_python", "launch_ros")


@functools.cache
def imports_of(path: Path, name: str) -> list[str]:
    """Every module that a file imports, absolute, function bodies included."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            parts = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parts, node.module or ""]).strip(".") if node.level else node.module
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def unit_of(name: str) -> str:
    """The longest entry of ARROWS that holds a module of ours (its name without the package's)."""
    return max((unit for unit in ARROWS if within(name, unit)), key=len)


def wrong_arrows(name: str, imported: list[str]) -> list[str]:
    """What a module of ours imports of ours and must not."""
    unit = unit_of(name)
    allowed = ("exceptions", unit, *ARROWS[unit])
    ours = [other.removeprefix(PACKAGE + ".") for other in imported if within(other, PACKAGE)]
    wrong = [other for other in ours if not any(within(other, prefix) for prefix in allowed)]
    if unit == "nodes":  # nodes share modules, never each other
        nodes = [o for o in ours if any(part.endswith("_node") for part in o.split(".")[1:2])]
        wrong += [other for other in nodes if not within(other, name)]
    return wrong


@pytest.mark.parametrize("path", [f for f in FILES if name_of(f) != PACKAGE], ids=name_of)
def test_module_imports_only_along_the_arrows(path: Path) -> None:
    name = name_of(path)
    assert wrong_arrows(name.removeprefix(PACKAGE + "."), imports_of(path, name)) == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_ros_is_imported_only_in_nodes(path: Path) -> None:
    name = name_of(path)
    if within(name, f"{PACKAGE}.nodes"):
        return
    ros = [
        other
        for other in imports_of(path, name)
        if other.split(".")[0] in ROS_MODULES
        or other.split(".")[0].endswith(("_msgs", "_srvs"))
        or any(within(other, f"{PACKAGE}.{kind}") for kind in ("msg", "srv", "action"))
    ]
    share_helper = name == f"{PACKAGE}.kinematics.share"  # asks the ament index where config/ is
    assert [o for o in ros if not (share_helper and within(o, "ament_index_python"))] == []


def test_the_check_sees_wrong_arrows() -> None:
    assert wrong_arrows("sampling.models.mixture", ["vi_ik_ros.kinematics.chains.chain.Chain"])
    assert wrong_arrows("sampling.warm_start.solver", ["vi_ik_ros.skills.plants.plant.Plant"])
    assert wrong_arrows("nodes.sampler_node", ["vi_ik_ros.nodes.trainer_node.main"])
    assert wrong_arrows("benchmarks.panda_pose", ["vi_ik_ros.cli.main.main"])
    assert not wrong_arrows(
        "nodes.sampler_node", ["vi_ik_ros.nodes.sampling.conversions.to_msg", "torch"]
    )
    assert not wrong_arrows("sampling.store.model_store", ["vi_ik_ros.kinematics.share.share_dir"])


def test_relative_imports_are_resolved(tmp_path: Path) -> None:
    file = tmp_path / "solver.py"
    file.write_text("from . import refine\nfrom ..models.model import Samples\n")
    found = imports_of(file, "vi_ik_ros.sampling.warm_start.solver")
    assert found == [
        "vi_ik_ros.sampling.warm_start.refine",
        "vi_ik_ros.sampling.models.model.Samples",
    ]


@pytest.mark.parametrize(
    ("imported", "absent"),
    [
        ("vi_ik_ros", {"torch", "rclpy", "pinocchio"}),
        # torch costs a sampler 200 MB and a second; it belongs to training.
        (
            "vi_ik_ros.sampling.store.model_store, vi_ik_ros.sampling.warm_start.solver,"
            " vi_ik_ros.nodes.sampling.served_models, vi_ik_ros.nodes.training.training_service,"
            " vi_ik_ros.nodes.training.learning_service",
            {"torch"},
        ),
        # Nodes with a control loop; MuJoCo is loaded by its backend.
        (
            "vi_ik_ros.nodes.robot_interface_node, vi_ik_ros.nodes.skill_node,"
            " vi_ik_ros.nodes.topic_plant",
            {"torch", "mujoco"},
        ),
        ("vi_ik_ros.skills.execution.run", {"torch", "rclpy", "mujoco"}),
        ("vi_ik_ros.cli.main", {"torch", "rclpy", "numpy"}),
    ],
)
def test_imports_stay_light(imported: str, absent: set[str]) -> None:
    program = f"import sys, {imported}; print(*{absent} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
