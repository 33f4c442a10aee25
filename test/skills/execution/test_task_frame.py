# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.task_frame import require_rotation


def test_a_rotation_is_returned_as_floats():
    R = require_rotation("R", np.diag([1, -1, -1]))
    assert R.dtype == float
    np.testing.assert_array_equal(R, np.diag([1.0, -1.0, -1.0]))


@pytest.mark.parametrize(
    "R",
    [
        np.diag([1.0, 1.0, -1.0]),
        1.001 * np.eye(3),
        np.eye(4),
        np.full((3, 3), np.nan),
        np.array([[1.0, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ],
)
def test_what_is_no_rotation_is_refused(R):
    with pytest.raises(InvalidInput, match=r"task\.z: got .* rotation matrix"):
        require_rotation("task.z", R)
