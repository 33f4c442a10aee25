# SPDX-License-Identifier: Apache-2.0
"""The factors of a skill file."""

from collections.abc import Sequence

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.sections.shape import (
    list_of,
    mapping_of,
    named_mapping,
    one_of,
)
from vi_ik_ros.skills.execution.graph.skill import Factor


def read_factors(
    values: object, parameters: Sequence[str], primitives: Sequence[str]
) -> tuple[Factor, ...]:
    """Make the factors from a mapping by their names.

    Args:
        values: the mapping.
        parameters: names of all parameters.
        primitives: names of all primitives, in order.

    Raises:
        InvalidInput: a name is unknown, or there are none.
    """
    factors = []
    for name, factor in named_mapping(values, "factors").items():
        path = f"factors.{name}"
        said = mapping_of(factor, path, ("parameters", "primitives"))
        depends = _names(said["parameters"], f"{path}.parameters", parameters)
        active = _names(said["primitives"], f"{path}.primitives", primitives)
        factors.append(Factor(name, depends, tuple(primitives.index(one) for one in active)))
    return tuple(factors)


def _names(values: object, path: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return known names, each once, at least one."""
    listed = list_of(values, path)
    names = tuple(one_of(one, f"{path}[{i}]", known) for i, one in enumerate(listed))
    if not names or len(set(names)) < len(names):
        raise InvalidInput(path, list(names), "at least one name, and none twice")
    return names
