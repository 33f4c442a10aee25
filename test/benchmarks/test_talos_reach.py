# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest

from vi_ik_ros.benchmarks.talos_reach import talos_reach
from vi_ik_ros.benchmarks.talos_reach.starts import LeastMovedStarts, LikelyStarts
from vi_ik_ros.benchmarks.talos_reach.targets import Stage, hard_targets, shifted_targets
from vi_ik_ros.sampling.models.kd_tree import KdTree
from vi_ik_ros.sampling.store.model_store import ModelStore

FIRST, FREE = "first start converged [%]", "first start converged and collision-free [%]"
NAMES = {"KD-0k", "KD-0k, least moved", "KD of its pairs", "half sitting", "random"}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Few targets and postures, nothing of the user's."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(talos_reach, "NUM_POSTURES", 200)
    monkeypatch.setattr(talos_reach, "QUICK_TARGETS", 4)
    monkeypatch.setattr(talos_reach, "NUM_STARTS", 5)


@pytest.mark.slow
def test_every_case_meets_both_sets(small: None) -> None:
    report = talos_reach.run(quick=True)
    values = {(row.case, row.metric): row.value for row in report.rows}
    names = {case.rsplit(", ", 1)[0] for case, _ in values}
    assert names >= NAMES
    for kind in ("hard", "shifted"):
        for name in names:
            case = f"{name}, {kind}"
            assert 0.0 <= values[case, FREE] <= values[case, FIRST] <= 100.0
            assert 0.0 <= values[case, "distinct collision-free of 5"] <= 5.0
        assert values[f"half sitting, {kind}", FIRST] > 50.0


def test_the_likeliest_refined_starts_come_first() -> None:
    """A model that draws all over the place but likes one coordinate small."""

    class Model(KdTree):
        def __init__(self) -> None:
            self.num_dims = 2

        def log_prob(self, q, contexts):
            return -q[..., 0]

    refined = np.array([[3.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    merit = LikelyStarts("x", Model()).merit(np.zeros(7), refined + 9.0, refined)
    assert np.argsort(-merit).tolist() == [1, 2, 0]
    moved = np.array([[0.0, 0.5], [0.0, 0.1], [0.2, 0.0]])
    merit = LeastMovedStarts("x", Model()).merit(np.zeros(7), refined - moved, refined)
    assert np.argsort(-merit).tolist() == [1, 2, 0]


def test_the_shipped_model_starts_well() -> None:
    stage = Stage.load()
    model = ModelStore().load("talos_reach", stage.robot).model
    case = LikelyStarts("served", model.at_temperature(talos_reach.SERVED))
    found = [
        talos_reach._try(stage, case, context, np.random.default_rng(i))
        for i, context in enumerate(hard_targets(stage, 10, seed=5))
    ]
    assert sum(trial.fits[0] for trial in found) >= 9
    assert np.mean([trial.num_different for trial in found]) > 17.0
    assert np.mean(np.concatenate([trial.iterations for trial in found])) < 5.0


def test_shifted_targets_are_within_reach() -> None:
    stage = Stage.load()
    contexts = shifted_targets(stage, 5, seed=3)
    starts = np.random.default_rng(0).normal(stage.robot.ready, 0.3, (100, stage.robot.nq))
    for context in contexts:
        refined = stage.refine(context[None], starts)
        assert stage.fits(refined.converged, refined.q).any()
    again = shifted_targets(stage, 5, seed=3)
    np.testing.assert_array_equal(contexts, again)


def test_hard_targets_are_answered_by_their_postures() -> None:
    """Both feet where the context and the file say, at any stance."""
    stage = Stage.load()
    contexts = hard_targets(stage, 20, seed=1)
    assert contexts.shape == (20, 14) and contexts[:, 7:9].std(0).min() > 0.01
    targets = stage.tasks.targets(contexts)
    np.testing.assert_allclose(targets[:, 2, :3, 3], np.tile([-0.02, -0.09, 0.0], (20, 1)))
    np.testing.assert_allclose(targets[:, 1, :3, 3], contexts[:, 7:10])
