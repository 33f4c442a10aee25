# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.benchmarks.skill_learning.runs.variant import safe_point
from vi_ik_ros.benchmarks.skill_learning.tasks.named_tasks import named_task


@pytest.mark.parametrize("name", ["screw_insertion", "peg_in_hole"])
def test_defaults_succeed_and_haste_fails(name):
    task = named_task(name)
    x = safe_point(task.problem)
    first, again = task.execute(x, 3), task.execute(x, 3)
    assert first.success and 0.0 < first.cost(task.problem.weights) < 1.0
    np.testing.assert_array_equal(first.constraints, again.constraints)
    hasty = x.copy()
    hasty[task.problem.space.names.index("approach_speed")] = 1.0
    failed = task.execute(hasty, 3)
    assert not failed.success and failed.fired.any()
    assert task.truth(x) is None
