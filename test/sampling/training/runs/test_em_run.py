# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.models.em_mixture import EmMixture
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import FitSettings, fit
from vi_ik_ros.sampling.training.runs import em_run
from vi_ik_ros.sampling.training.runs.em_run import EmRun
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, WarmStartSolver

SMALL = FitSettings(steps=8, num_components=10)


def load(name: str) -> Objectives:
    path = share_dir() / "config" / "objectives" / f"{name}.yaml"
    return load_objectives(path, dtype=torch.float32)


@pytest.fixture(scope="module")
def objectives() -> Objectives:
    return load("planar3_position")


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    """Score in less time, on fewer pairs."""
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_SAMPLES", 2)
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_CONTEXTS", 200)
    monkeypatch.setattr(em_run, "NUM_STORED_CONTEXTS", 1000)
    monkeypatch.setattr(em_run, "MIN_PAIRS", 2000)


class Interrupted(Exception):
    pass


def test_updates_raise_the_likelihood_until_it_has_converged(objectives, monkeypatch):
    run = EmRun(objectives, replace(SMALL, steps=None))
    begun = run.result().scores["log_likelihood"]
    figures = [run.update(0.0)["joint log-likelihood"] for _ in range(8)]
    assert np.diff(figures).min() > -1e-5
    assert run.result().scores["log_likelihood"] > begun
    assert run.fraction(0.0) == pytest.approx(0.08) and run.num_components == 10
    monkeypatch.setattr(em_run, "LEAST_GAIN", 10.0)
    run.update(0.0)
    assert run.fraction(0.0) == 1.0


def test_a_stored_model_is_served(objectives, tmp_path):
    report = fit(objectives, tmp_path / "hand", settings=SMALL, family="em")
    stored = ModelStore().load(tmp_path / "hand", objectives.robot)
    assert stored.digest == report.digest and isinstance(stored.model, EmMixture)
    assert stored.document["family"] == "em" and stored.document["num_components"] == 10
    figures = {"elbo", "elbo_median", "entropy", "log_likelihood"}
    assert {*figures, "components_used", "components_per_context"} == report.scores.keys()
    solver = WarmStartSolver(objectives.robot, stored)
    raw = solver.solve(SampleRequest(context=np.array([[1.2, 0.6]]), num_samples=20, seed=1))
    lower, upper = objectives.robot.lower, objectives.robot.upper
    assert ((raw.positions >= lower) & (raw.positions <= upper)).all()
    assert np.isfinite(raw.log_prob).all() and raw.counts.tolist() == [20]


def test_answers_of_a_model_with_a_turned_joint_are_refined(tmp_path):
    panda = load("panda_position")
    fit(panda, tmp_path / "panda", settings=SMALL, family="em")
    solver = WarmStartSolver(panda.robot, ModelStore().load(tmp_path / "panda", panda.robot))
    target = np.array([[0.2, -0.4, 0.5]])
    request = SampleRequest(context=target, num_samples=10, seed=1, refine=True)
    q = solver.solve(request).positions
    frame = panda.product.chain.frames.index("panda_link8")
    tips = panda.product.chain.forward(torch.from_numpy(q).float())[:, frame, :3, 3]
    np.testing.assert_allclose(tips.numpy(), np.repeat(target, 10, axis=0), atol=1e-3)


def test_an_interrupted_fit_resumes_to_the_same_model(objectives, tmp_path):
    settings = replace(SMALL, checkpoint_every=0.0)
    fit(objectives, tmp_path / "whole", settings=settings, family="em")

    def stop(progress):
        if progress.step == 5:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(objectives, tmp_path / "halves", settings=settings, family="em", on_progress=stop)
    fit(objectives, tmp_path / "halves", settings=settings, family="em", resume=True)
    a, b = (ModelStore().load(tmp_path / name).model.tensors() for name in ("whole", "halves"))
    assert a.keys() == b.keys() and all((a[name] == b[name]).all() for name in a)


def test_joints_of_a_whole_turn_are_periodic_and_turned_ones_too(objectives):
    model = EmRun(objectives, SMALL).result().model
    assert model.options()["periodic"] == (0, 1, 2)
    assert model.options()["columns"] == (0, 1)
    options = EmRun(load("panda_position"), SMALL).result().model.options()
    assert options["symmetry"]["first"] == 0 and options["periodic"] == (0,)
    assert options["columns"] == (0, 2)  # azimuth zero: y is always 0


def test_rows_of_turned_joints_are_within_half_a_turn():
    run = EmRun(load("panda_pose"), SMALL)
    angles = run._rows.values[:, list(run._rows.periodic)]
    assert run._rows.periodic and (angles.abs() <= math.pi).all()
    assert torch.linalg.matrix_rank(run._rows.values.T.cov()) == run._rows.values.shape[1]


def test_an_objective_without_context_is_refused():
    with pytest.raises(ObjectiveError, match="context: .*family em"):
        EmRun(load("planar2_line"), SMALL)
