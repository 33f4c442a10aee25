# SPDX-License-Identifier: Apache-2.0
"""Skills as YAML files: those of config/skills/ by name, others by path."""

from collections.abc import Mapping
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.control.control_settings import ControlSettings
from vi_ik_ros.skills.execution.graph.checks.validity import END_NAME, GraphLimits, check_skill
from vi_ik_ros.skills.execution.graph.names import Names
from vi_ik_ros.skills.execution.graph.primitive import Primitive
from vi_ik_ros.skills.execution.graph.sections.factor_section import read_factors
from vi_ik_ros.skills.execution.graph.sections.parameter_section import read_names, read_settings
from vi_ik_ros.skills.execution.graph.sections.primitive_section import read_primitive
from vi_ik_ros.skills.execution.graph.sections.shape import list_of, mapping_of
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.graph.task import Task
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings
from vi_ik_ros.skills.plants.scene.reading import read
from vi_ik_ros.skills.plants.scene.yaml_file import file_names, load_yaml

REQUIRED = ("name", "scene", "parameters", "task", "primitives", "recovery", "factors")
OPTIONAL = ("constants", "wrench", "control", "limits")


def load_skill(path_or_name: str | Path) -> Skill:
    """Read a skill.

    Args:
        path_or_name: of a YAML file, or the name of one in config/skills/ without its ending.

    Raises:
        InvalidInput: there is no such skill, or something in it is wrong.
    """
    return skill_from(load_yaml("skill", path_or_name))


def skill_names() -> list[str]:
    """Return the names of the skills in config/skills/."""
    return file_names("skill")


def skill_from(values: object) -> Skill:
    """Make a skill from what a file holds, and check its graph.

    Raises:
        InvalidInput: something in it is wrong.
    """
    said = mapping_of(values, "skill", REQUIRED, OPTIONAL)
    names = read_names(said["parameters"], said.get("constants", {}))
    primitives = _read_nodes(said["primitives"], "primitives", names)
    skill = Skill(
        name=_word(said, "name"),
        scene=_word(said, "scene"),
        space=names.space,
        constants=names.constants,
        task=read(Task, said["task"], "task"),
        primitives=primitives,
        recovery=_read_nodes(said["recovery"], "recovery", names),
        factors=read_factors(said["factors"], names.space.names, [one.name for one in primitives]),
        wrench=read_settings(WrenchSettings, said.get("wrench", {}), "wrench", names),
        control=read_settings(ControlSettings, said.get("control", {}), "control", names),
    )
    check_skill(skill, read(GraphLimits, said.get("limits", {}), "limits"))
    return skill


def _read_nodes(values: object, path: str, names: Names) -> tuple[Primitive, ...]:
    """Make the primitives of a list; each leads to the next, the last one to the end."""
    listed = list_of(values, path)
    if not listed:
        raise InvalidInput(path, "an empty list", "at least one primitive")
    words: list[str] = []
    for i, one in enumerate(listed):
        name = one.get("name") if isinstance(one, Mapping) else None
        if not isinstance(name, str) or not name.isidentifier() or name == END_NAME:
            raise InvalidInput(f"{path}[{i}].name", name, "a name of letters, digits and _")
        if name in words:
            raise InvalidInput(f"{path}[{i}].name", name, "a name that no other primitive has")
        words.append(name)
    nodes = zip(listed, words, [*words[1:], END_NAME], strict=True)
    return tuple(read_primitive(one, f"{path}[{name}]", to, names) for one, name, to in nodes)


def _word(said: Mapping[str, object], key: str) -> str:
    """Return a text that is not empty."""
    value = said[key]
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InvalidInput(f"skill.{key}", value, "a name")
    return value
