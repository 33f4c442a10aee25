# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.skills.execution.graph.skill_file import skill_from


@pytest.fixture
def changed():
    """Make a skill of screw_insertion.yaml with other values, by path; None leaves a key out.

    Primitives are found by their names: `primitives.search.next`.
    """
    path = share_dir() / "config" / "skills" / "screw_insertion.yaml"

    def make(changes):
        values = yaml.safe_load(path.read_text("utf-8"))
        for place, value in changes.items():
            *parents, last = place.split(".")
            parent = values
            for key in parents:
                parent = _child(parent, key)
            if value is None:
                del parent[last]
            else:
                parent[last] = value
        return skill_from(values)

    return make


def _child(values, key):
    if isinstance(values, list):
        return next(one for one in values if one["name"] == key)
    return values[key]
