# SPDX-License-Identifier: Apache-2.0
"""YAML without its traps: no key twice, and 5e-3 is a number."""

import re
from collections.abc import Hashable

import yaml


def parse_yaml(text: str) -> object:
    """Return the plain values that a text holds.

    Raises:
        yaml.YAMLError: It is not YAML, or a mapping has a key twice.
        ValueError: A date that is none, or a number of thousands of digits.
        RecursionError: Too many levels.
    """
    return yaml.load(text, Loader=_StrictLoader)


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice and reads 5e-3 as a number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Build a mapping whose keys all differ."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                problem = f"{key} is written twice"
                raise yaml.MarkedYAMLError(None, None, problem, key_node.start_mark)
            seen.add(key if isinstance(key, Hashable) else str(key))
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), "-+.0123456789"
)
