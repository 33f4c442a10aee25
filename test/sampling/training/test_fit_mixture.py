# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import FitSettings, fit
from vi_ik_ros.sampling.training.fit_mixture import fit_mixture
from vi_ik_ros.sampling.training.runs.mixture_run import MixtureRun, MixtureSettings

OBJECTIVES = share_dir() / "config" / "objectives"


@pytest.mark.parametrize("family", ["gaussian", "banana"])
def test_draws_lie_on_the_line(family):
    product = load_objectives(OBJECTIVES / "planar2_line.yaml").product
    settings = MixtureSettings(num_components=6, seed=1, steps=(15, 10, 5))
    model = fit_mixture(product, family=family, settings=settings)
    q = model.sample(np.empty((1, 0)), 2000, [np.random.default_rng(0)]).q[0]
    height = np.sin(q[:, 0]) + np.sin(q[:, 0] + q[:, 1])
    assert abs(np.median(height) - 1.0) < 0.05 and np.median(abs(height - 1.0)) < 0.12
    assert np.ptp(q[:, 0]) > 2.0  # along all of the line


def test_a_fitted_mixture_is_stored_whole(tmp_path):
    objectives = load_objectives(OBJECTIVES / "planar2_line.yaml", dtype=torch.float32)
    settings = FitSettings(num_components=3)
    seen = []
    report = fit(
        objectives, tmp_path / "line", settings=settings, family="gaussian", on_progress=seen.append
    )
    stored = ModelStore().load(tmp_path / "line", objectives.robot)
    assert stored.digest == report.digest and stored.model.num_components == 3
    assert seen[-1].fraction == 1.0 and stored.document["scores"]["elbo"] < 0.0


def test_a_context_is_refused(tmp_path):
    objectives = load_objectives(OBJECTIVES / "panda_position.yaml", dtype=torch.float32)
    with pytest.raises(ObjectiveError, match="context: got flange, expected no entry"):
        fit(objectives, tmp_path / "x", family="gaussian")


class Interrupted(Exception):
    pass


@pytest.mark.parametrize(("family", "at"), [("gaussian", 5), ("banana", 33)])
def test_an_interrupted_fit_resumes_to_the_same_mixture(tmp_path, family, at):
    objectives = load_objectives(OBJECTIVES / "planar2_line.yaml", dtype=torch.float32)
    settings = FitSettings(num_components=3, steps=45, checkpoint_every=0.0)
    fit(objectives, tmp_path / "whole", settings=settings, family=family)

    def stop(progress):
        if progress.step == at:
            raise Interrupted

    options = {"settings": settings, "family": family}
    with pytest.raises(Interrupted):
        fit(objectives, tmp_path / "halves", **options, on_progress=stop)
    steps = []
    fit(
        objectives,
        tmp_path / "halves",
        **options,
        resume=True,
        on_progress=lambda progress: steps.append(progress.step),
    )
    assert steps[0] == at  # the checkpoint was written after the step before
    assert steps[-1] == pytest.approx(45, abs=6)
    whole, halves = (ModelStore().load(tmp_path / name).model for name in ("whole", "halves"))
    assert all((halves.tensors()[k] == v).all() for k, v in whole.tensors().items())
    assert not (tmp_path / "halves.partial").exists()


def test_a_time_limit_ends_every_stage_early():
    product = load_objectives(OBJECTIVES / "planar2_line.yaml").product
    run = MixtureRun(product, "gaussian", MixtureSettings(num_components=3, time_limit=40.0))
    seconds = [0.0]
    while run.fraction(seconds[-1]) < 1.0:
        run.update(seconds[-1])
        seconds.append(seconds[-1] + 1.0)
    # Each of eight stages may notice its end one update late.
    assert 40.0 <= seconds[-1] <= 48.0
    assert run.model().num_components == 3


def test_a_task_bends_along_its_normals():
    planar3 = {
        "robot": "planar3",
        "objectives": [
            {
                "name": "tip",
                "transform": {"type": "position", "frame": "tip", "axes": ["x", "y"]},
                "density": {"type": "normal", "mean": [1.0, 1.0], "std": [0.05, 0.05]},
            },
            {
                "name": "limits",
                "transform": {"type": "configuration"},
                "density": {
                    "type": "normal_cdf",
                    "lower": [-3.0] * 3,
                    "upper": [3.0] * 3,
                    "std": 0.1,
                },
            },
        ],
    }
    product = load_objectives(planar3).product
    settings = MixtureSettings(num_components=3, steps=(5, 5, 5))
    assert fit_mixture(product, family="banana", settings=settings).num_bends == 2
