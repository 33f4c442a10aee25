# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.scene import load_scene


def test_the_usual_limits_have_the_workspace_of_a_scene():
    scene = load_scene("screw_slot")
    limits = Limits.of(scene)
    assert (limits.lower, limits.upper) == (scene.workspace.lower, scene.workspace.upper)
    assert (limits.speed, limits.step, limits.offset) == (0.05, 0.001, 0.06)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"speed": 0.0}, "limits.speed"),
        ({"hard_force": math.nan}, "limits.hard_force"),
        ({"angular_offset": 4.0}, "limits.angular_offset"),
        ({"deadman_after": 0.01}, "limits.deadman_after"),
        ({"upper": (-1.0, 1.0, 1.0), "lower": (0.0, 0.0, 0.0)}, "limits.upper"),
        ({"upper": (1.0, 1.0)}, "limits.lower, limits.upper"),
    ],
)
def test_what_is_no_limit_is_refused(change, field):
    with pytest.raises(InvalidInput) as refused:
        Limits(**change)
    assert refused.value.field == field
