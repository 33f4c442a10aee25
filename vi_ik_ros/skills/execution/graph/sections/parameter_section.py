# SPDX-License-Identifier: Apache-2.0
"""Parameters and constants of a skill file."""

import math
from dataclasses import fields
from typing import TypeVar

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.names import Names
from vi_ik_ros.skills.execution.graph.sections.shape import mapping_of, named_mapping
from vi_ik_ros.skills.execution.parameters import ParameterSpace, SkillParameter
from vi_ik_ros.skills.plants.scene.reading import read

S = TypeVar("S")


def read_names(parameters: object, constants: object) -> Names:
    """Make the names that may stand for numbers.

    Raises:
        InvalidInput: a parameter lacks something, or a name stands for two things.
    """
    space = []
    for name, values in named_mapping(parameters, "parameters").items():
        path = f"parameters.{name}"
        keys = [one.name for one in fields(SkillParameter) if one.name != "name"]
        said = mapping_of(values, path, keys)
        space.append(read(SkillParameter, {**said, "name": name}, path))
    known = {}
    for name, value in named_mapping(constants, "constants").items():
        path = f"constants.{name}"
        if any(name == parameter.name for parameter in space):
            raise InvalidInput(path, value, "a name that is not a parameter too")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidInput(path, value, "a number")
        if not math.isfinite(value):
            raise InvalidInput(path, value, "a finite number")
        known[name] = float(value)
    return Names(ParameterSpace(tuple(space)), known)


def read_settings(kind: type[S], values: object, path: str, names: Names) -> S:
    """Make settings, whose numbers may be constants; those that are missing have their defaults.

    Raises:
        InvalidInput: a key is unknown, or a number is wrong.
    """
    said = mapping_of(values, path, (), [one.name for one in fields(kind)])  # type: ignore[arg-type]
    numbers = {}
    for key, value in said.items():
        number = names.number(value, f"{path}.{key}")
        if isinstance(number, str):
            raise InvalidInput(f"{path}.{key}", number, "a number; settings are not learned")
        numbers[key] = number
    return kind(**numbers)
