# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest

from vi_ik_ros.benchmarks.talos_reach import talos_reach
from vi_ik_ros.benchmarks.talos_reach.targets import Stage, shifted_targets
from vi_ik_ros.sampling.training.postures import posture_pool

FIRST, FREE = "first start converged [%]", "first start converged and collision-free [%]"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Few targets and postures, nothing of the user's."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(posture_pool, "NUM_POSTURES", 200)
    monkeypatch.setattr(talos_reach, "QUICK_TARGETS", 4)
    monkeypatch.setattr(talos_reach, "NUM_STARTS", 5)


@pytest.mark.slow
def test_every_case_meets_both_sets(small: None) -> None:
    report = talos_reach.run(quick=True)
    values = {(row.case, row.metric): row.value for row in report.rows}
    names = {case.split(",")[0] for case, _ in values}
    assert {"KD-0k", "half sitting", "random"} <= names
    for kind in ("hard", "shifted"):
        for name in names:
            case = f"{name}, {kind}"
            assert 0.0 <= values[case, FREE] <= values[case, FIRST] <= 100.0
            assert 0.0 <= values[case, "distinct collision-free of 5"] <= 5.0
        assert values[f"half sitting, {kind}", FIRST] > 50.0


def test_shifted_targets_are_within_reach() -> None:
    stage = Stage.load()
    hands = shifted_targets(stage, 5, seed=3)
    starts = np.random.default_rng(0).normal(stage.robot.ready, 0.3, (100, stage.robot.nq))
    for hand in hands:
        assert stage.fits(stage.refine(hand, starts)).any()
    again = shifted_targets(stage, 5, seed=3)
    np.testing.assert_array_equal(hands, again)
