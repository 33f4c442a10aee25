# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace

import numpy as np
import pytest

from vi_ik_ros.benchmarks.skill_learning.measures.calibration import calibration_rows


def run(probabilities, success, told=0.8):
    return SimpleNamespace(
        probabilities=np.array(probabilities),
        success=np.array(success),
        told=np.full((2, 3), told),
        repeated=np.array([[True] * 9 + [False]] * 3),
    )


def test_success_is_counted_in_groups_of_what_was_told():
    runs = [
        run([np.nan, 0.1, 0.9, 1.0], [False, False, True, True]),
        run([np.nan, 0.1, 0.7, 0.9], [True, True, True, False]),
    ]
    found = {row.metric: row for row in calibration_rows("case", runs)}
    assert found["told 0 to 20 %, 2 episodes: succeeded [%]"].value == 50.0
    assert found["told 60 to 80 %, 1 episodes: succeeded [%]"].value == 100.0
    high = found["told 80 to 100 %, 3 episodes: succeeded [%]"]
    assert high.value == pytest.approx(200.0 / 3.0)
    assert high.reference == pytest.approx(280.0 / 3.0)
    chosen = found["recommended with p 0.9: succeeded [%]"]
    assert chosen.value == pytest.approx(90.0) and chosen.reference == pytest.approx(80.0)


def test_who_tells_no_probability_has_no_rows():
    assert calibration_rows("case", [run([np.nan, np.nan], [True, False])]) == []
