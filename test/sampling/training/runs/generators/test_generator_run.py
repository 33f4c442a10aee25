# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput, ModelRefused, ObjectiveError
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.store.adoption import adopt
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import CONDITIONAL, FitSettings, fit
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, Source, WarmStartSolver

SMALL = FitSettings(steps=40, width=128, num_blocks=2, batch_size=256, learning_rate=0.02)
CASES = {  # family and loss
    "inn": ("inn", "likelihood"),
    "inn-source": ("inn", "source"),
    "cvae": ("cvae", "likelihood"),
}
REQUEST = SampleRequest(context=np.array([[1.2, 0.6]]), num_samples=20, seed=1)


@pytest.fixture(scope="module")
def objectives() -> Objectives:
    path = share_dir() / "config" / "objectives" / "planar3_position.yaml"
    return load_objectives(path, dtype=torch.float32)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    """Score in less time."""
    runs = "vi_ik_ros.sampling.training.runs.generators.generator_run"
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_SAMPLES", 2)
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_CONTEXTS", 200)
    monkeypatch.setattr(f"{runs}.NUM_STORED_CONTEXTS", 500)


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("case", CASES)
def test_updates_make_a_better_model(case, objectives):
    family, loss = CASES[case]
    run = CONDITIONAL[family](objectives, replace(SMALL, loss=loss, batch_size=512))

    def quality() -> float:
        scores = run.result().scores
        return scores["log_likelihood"] if case == "inn" else -scores["mmd"]

    before = quality()
    for _ in range(40):
        figures = run.update(0.0)
    assert run.step == 40 and run.fraction(0.0) == 1.0
    assert all(math.isfinite(value) for value in figures.values())
    assert quality() > before


@pytest.mark.parametrize("case", CASES)
def test_a_stored_model_is_served(case, objectives, tmp_path):
    family, loss = CASES[case]
    report = fit(objectives, tmp_path / "tip", settings=replace(SMALL, loss=loss), family=family)
    stored = ModelStore().load(tmp_path / "tip", objectives.robot)
    assert stored.digest == report.digest and stored.document["family"] == family
    assert all(math.isfinite(value) for value in report.scores.values())
    solver = WarmStartSolver(objectives.robot, stored)
    answer = solver.solve(REQUEST)
    lower, upper = objectives.robot.lower, objectives.robot.upper
    assert ((answer.positions >= lower) & (answer.positions <= upper)).all()
    numbers = np.isfinite([answer.log_prob, answer.seed_log_prob])
    assert (numbers == (case == "inn")).all() and answer.counts.tolist() == [20]


def test_draws_without_a_density_are_refined(tmp_path):
    path = share_dir() / "config" / "objectives" / "panda_pose.yaml"
    panda = load_objectives(path, dtype=torch.float32)
    fit(panda, tmp_path / "hand", settings=replace(SMALL, steps=20), family="cvae")
    solver = WarmStartSolver(panda.robot, ModelStore().load(tmp_path / "hand", panda.robot))
    target = np.array([[0.4, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0]])
    request = SampleRequest(targets=target, num_samples=5, seed=1, refine=True)
    answer = solver.solve(request)
    assert (answer.converged & (answer.source == Source.MODEL)).any()
    assert np.isnan(answer.log_prob).all() and np.isnan(answer.seed_log_prob).all()


@pytest.mark.parametrize("case", CASES)
def test_an_interrupted_fit_resumes_to_the_same_model(case, objectives, tmp_path):
    family, loss = CASES[case]
    settings = replace(SMALL, steps=6, checkpoint_every=0.0, loss=loss)
    fit(objectives, tmp_path / "whole", settings=settings, family=family)

    def stop(progress):
        if progress.step == 4:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(objectives, tmp_path / "halves", settings=settings, family=family, on_progress=stop)
    fit(objectives, tmp_path / "halves", settings=settings, family=family, resume=True)
    a, b = (ModelStore().load(tmp_path / name).model.tensors() for name in ("whole", "halves"))
    assert all((a[name] == b[name]).all() for name in a)


def test_a_model_without_a_score_replaces_none_that_has_one(objectives, tmp_path):
    store, settings = ModelStore(tmp_path / "store"), replace(SMALL, steps=2)
    for family, folder in (("inn", "a"), ("cvae", "b")):
        fit(objectives, tmp_path / folder / "tip", settings=settings, family=family)
    assert adopt(store, tmp_path / "a" / "tip", "tip").adopted
    refused = adopt(store, tmp_path / "b" / "tip", "tip")
    assert not refused.adopted and "has no score" in refused.reason


def test_density_of_a_model_without_one_is_refused_by_name(objectives, tmp_path):
    fit(objectives, tmp_path / "tip", settings=replace(SMALL, steps=1), family="cvae")
    model = ModelStore().load(tmp_path / "tip").model
    with pytest.raises(ModelRefused, match="log_prob: got family cvae"):
        model.log_prob(np.zeros((1, 1, 3)), np.array([[1.0, 0.5]]))


def test_another_loss_is_refused(objectives):
    with pytest.raises(InvalidInput, match="loss: got guess, expected one of likelihood, source"):
        CONDITIONAL["inn"](objectives, replace(SMALL, loss="guess"))


@pytest.mark.parametrize("family", ["inn", "cvae"])
def test_objectives_without_a_context_are_refused(family):
    path = share_dir() / "config" / "objectives" / "planar2_line.yaml"
    with pytest.raises(ObjectiveError, match=f"context: .*family {family}"):
        CONDITIONAL[family](load_objectives(path, dtype=torch.float32), SMALL)
