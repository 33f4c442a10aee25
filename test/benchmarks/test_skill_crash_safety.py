# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.benchmarks.skill_crash_safety import QUICK, run


@pytest.mark.slow
def test_kills_lose_nothing_and_change_nothing():
    report = run(quick=True)
    figures = {row.metric: row.value for row in report.rows}
    assert figures["kills"] == QUICK.num_kills
    assert figures["kills while learning"] > 0
    assert figures["killed runs compared with uninterrupted ones"] >= 1
    goals = [row for row in report.rows if row.reference_source == "goal"]
    assert len(goals) == 4
    assert [row.value for row in goals] == [0, 0, 0, 0]
