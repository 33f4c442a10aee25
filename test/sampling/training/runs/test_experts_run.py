# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.models.mixture_of_experts import MixtureOfExperts
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import FitSettings, fit
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.runs.experts_run import ExpertsRun
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, WarmStartSolver

SMALL = FitSettings(steps=80, num_components=6, batch_size=256)


@pytest.fixture(scope="module")
def objectives() -> Objectives:
    path = share_dir() / "config" / "objectives" / "planar3_position.yaml"
    return load_objectives(path, dtype=torch.float32)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    """Score in less time; the likelihood does not need the samples."""
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_SAMPLES", 2)
    monkeypatch.setattr("vi_ik_ros.sampling.training.runs.amortized_run.NUM_STORED_CONTEXTS", 1000)


class Interrupted(Exception):
    pass


def test_expectation_maximisation_then_gradients_raise_the_likelihood(objectives):
    run, seconds = ExpertsRun(objectives, SMALL), 0.0
    chain = objectives.product.chain
    pairs = TrainingPairs(objectives.product, chain.lower, chain.upper)
    assert run.update(seconds).keys() == {"joint log-likelihood"} and run.step == 0
    begun = run.result().scores["log_likelihood"]
    while run.fraction(seconds) < 1:
        figures = run.update(seconds)
    assert run.step == 80 and {"log-likelihood", "ELBO"} == figures.keys()
    uniform = -float((pairs.upper - pairs.lower).log().sum())
    assert uniform < begun < run.result().scores["log_likelihood"]


def test_a_stored_model_is_served_and_refined(objectives, tmp_path):
    report = fit(objectives, tmp_path / "hand", settings=SMALL, family="moe")
    stored = ModelStore().load(tmp_path / "hand", objectives.robot)
    assert stored.digest == report.digest and isinstance(stored.model, MixtureOfExperts)
    assert stored.document["family"] == "moe" and stored.document["num_components"] == 6
    figures = {"elbo", "elbo_median", "entropy", "log_likelihood"}
    scores = stored.document["scores"]
    assert {*figures, "components_used", "components_per_context"} == scores.keys()
    assert 1 <= scores["components_per_context"] <= scores["components_used"] <= 6
    solver = WarmStartSolver(objectives.robot, stored)
    raw = solver.solve(SampleRequest(context=np.array([[1.2, 0.6]]), num_samples=20, seed=1))
    lower, upper = objectives.robot.lower, objectives.robot.upper
    assert ((raw.positions >= lower) & (raw.positions <= upper)).all()
    assert np.isfinite(raw.log_prob).all() and raw.counts.tolist() == [20]


def test_an_interrupted_fit_resumes_to_the_same_model(objectives, tmp_path):
    settings = FitSettings(**(SMALL.__dict__ | {"checkpoint_every": 0.0, "steps": 12}))
    fit(objectives, tmp_path / "whole", settings=settings, family="moe")

    def stop(progress):
        if progress.step == 7:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(objectives, tmp_path / "halves", settings=settings, family="moe", on_progress=stop)
    fit(objectives, tmp_path / "halves", settings=settings, family="moe", resume=True)
    a, b = (ModelStore().load(tmp_path / name).model.tensors() for name in ("whole", "halves"))
    assert all((a[name] == b[name]).all() for name in a)


def test_an_objective_without_context_is_refused():
    path = share_dir() / "config" / "objectives" / "planar2_line.yaml"
    with pytest.raises(ObjectiveError, match="context: .*family moe"):
        ExpertsRun(load_objectives(path, dtype=torch.float32), SMALL)
