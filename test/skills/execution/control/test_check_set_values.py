# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.control.check_set_values import check_set_values
from vi_ik_ros.skills.execution.control.set_values import SetValues

GOOD = SetValues(
    velocity=np.array([0.01, 0, 0, 0, 0, 0]),
    wrench=np.array([0, 0, 5.0, 0, 0, 0]),
    gain=np.array([0, 0, 8e-4, 0, 0, 0]),
    velocity_axes=np.array([1, 0, 0, 0, 0, 0], dtype=bool),
    force_axes=np.array([0, 0, 1, 0, 0, 0], dtype=bool),
)
LEFT_HANDED = np.diag([1.0, 1.0, -1.0, 1.0])


def test_good_ones_are_accepted():
    check_set_values(GOOD)
    check_set_values(SetValues.hold())
    check_set_values(replace(GOOD, T_base_target=np.eye(4)))
    both = replace(GOOD, velocity_axes=np.array([1, 0, 1, 0, 0, 0], dtype=bool))
    check_set_values(both, allow_feedforward=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"velocity": np.zeros(5)}, r"here\.velocity: got \(5,\)"),
        ({"wrench": [0.0] * 6}, r"here\.wrench: .*array"),
        ({"wrench": np.full(6, np.inf)}, r"here\.wrench: .*finite"),
        ({"gain": np.array([0, np.nan, 0, 0, 0, 0])}, r"here\.gain: .*finite"),
        ({"gain": np.array([0, 0, -8e-4, 0, 0, 0])}, r"here\.gain\.z: got -0.0008"),
        ({"force_axes": np.zeros(6)}, r"here\.force_axes: .*truth"),
        ({"velocity_axes": GOOD.force_axes}, r"here: axis z: got velocity and force"),
        ({"T_base_target": np.eye(3)}, r"here\.T_base_target: .*\(4, 4\)"),
        ({"T_base_target": LEFT_HANDED}, r"here\.T_base_target: .*rotation"),
        ({"T_base_target": np.eye(4), "velocity": np.zeros(6)}, r"here\.velocity: .*linear"),
    ],
)
def test_contradictions_are_refused_by_name(change, words):
    with pytest.raises(InvalidInput, match=words):
        check_set_values(replace(GOOD, **change), "here")
