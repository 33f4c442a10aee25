# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import FitSettings, fit
from vi_ik_ros.sampling.training.runs.elbo_run import ElboFit, ElboRun

OBJECTIVES = share_dir() / "config" / "objectives"


def finished(run: ElboRun) -> ElboRun:
    while run.fraction(0.0) < 1.0:
        figures = run.update(0.0)
        assert set(figures) == {"ELBO"}
    return run


def test_bananas_follow_the_line():
    product = load_objectives(OBJECTIVES / "planar2_line.yaml").product
    run = finished(ElboRun(product, "banana", ElboFit(num_components=4, steps=150)))
    model = run.result().model
    q = model.sample(np.empty((1, 0)), 2000, [np.random.default_rng(0)]).q[0]
    height = np.sin(q[:, 0]) + np.sin(q[:, 0] + q[:, 1])
    assert abs(np.median(height) - 1.0) < 0.05 and np.median(abs(height - 1.0)) < 0.12


def test_a_checkpoint_goes_on_to_the_same_model():
    product = load_objectives(OBJECTIVES / "planar2_line.yaml").product
    settings = ElboFit(num_components=2, steps=20)
    whole, first, second = (ElboRun(product, "gaussian", settings) for _ in range(3))
    finished(whole)
    for _ in range(9):
        first.update(0.0)
    second.restore(first.checkpoint())
    assert second.step == 9
    tensors = finished(second).result().model.tensors()
    expected = whole.result().model.tensors()
    assert all((tensors[name] == expected[name]).all() for name in expected)


def test_a_time_limit_compresses_the_schedule():
    product = load_objectives(OBJECTIVES / "planar2_line.yaml").product
    run = ElboRun(product, "gaussian", ElboFit(num_components=2, time_limit=10.0))
    for second in range(10):
        assert run.fraction(float(second)) == pytest.approx(second / 10)
        run.update(float(second))
    assert run.fraction(10.0) == 1.0


@pytest.mark.parametrize("family", ["gaussian", "banana"])
def test_priorities_are_followed_and_stored_as_no_bound(family, tmp_path):
    objectives = load_objectives(OBJECTIVES / "planar6_priority.yaml", dtype=torch.float32)
    settings = FitSettings(num_components=3, steps=15)
    fit(objectives, tmp_path / "arm", settings=settings, family=family)
    stored = ModelStore().load(tmp_path / "arm", objectives.robot)
    assert stored.document["bound"] is False
    assert np.isfinite(stored.document["scores"]["elbo"])


@pytest.mark.parametrize("family", ["gaussian", "banana"])
def test_a_context_is_refused_by_name(family):
    product = load_objectives(OBJECTIVES / "panda_position.yaml").product
    with pytest.raises(ObjectiveError, match=f"context: got flange, .*family {family}"):
        ElboRun(product, family, ElboFit())
