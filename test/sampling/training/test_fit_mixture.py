# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput, ObjectiveError
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import FitSettings, fit
from vi_ik_ros.sampling.training.fit_mixture import MixtureSettings, fit_mixture

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


def test_resuming_a_mixture_is_refused(tmp_path):
    objectives = load_objectives(OBJECTIVES / "planar2_line.yaml", dtype=torch.float32)
    with pytest.raises(InvalidInput, match="resume: got banana"):
        fit(objectives, tmp_path / "x", family="banana", resume=True)
