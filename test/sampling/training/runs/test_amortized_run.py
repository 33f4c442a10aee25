# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
import torch

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.inference.conditional.components import component_usage
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import FitSettings, fit

ALL = FitSettings(
    steps=60,
    num_components=12,
    width=16,
    num_blocks=1,
    batch_size=64,
    elbo_weight=0.5,
    trust_region=0.1,
    sir_weight=0.3,
    obsolete_below=0.95,
    checkpoint_every=0.0,
)


class Interrupted(Exception):
    pass


@pytest.fixture(scope="module")
def objectives() -> Objectives:
    path = share_dir() / "config" / "objectives" / "planar3_position.yaml"
    return load_objectives(path, dtype=torch.float32)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_CONTEXTS", 50)
    monkeypatch.setattr("vi_ik_ros.sampling.training.runs.amortized_run.NUM_STORED_CONTEXTS", 500)
    monkeypatch.setattr(component_usage, "WINDOW", 5)
    monkeypatch.setattr(component_usage, "HIGHEST", 100.0)  # a mean share alone decides


@pytest.mark.parametrize("stop", [25, 55])
def test_a_fit_that_lost_components_resumes_to_the_same_model(stop, objectives, tmp_path):
    """Before and after components were removed, and the trust region begun."""
    fit(objectives, tmp_path / "whole", settings=ALL)

    def interrupt(progress):
        if progress.step == stop:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(objectives, tmp_path / "halves", settings=ALL, on_progress=interrupt)
    fit(objectives, tmp_path / "halves", settings=ALL, resume=True)
    whole, halves = (ModelStore().load(tmp_path / name) for name in ("whole", "halves"))
    assert whole.document["num_components"] == halves.document["num_components"] < 12
    tensors = whole.model.tensors(), halves.model.tensors()
    assert all((tensors[0][name] == tensors[1][name]).all() for name in tensors[0])
    assert whole.document["scores"]["components_used"] <= whole.document["num_components"]


def test_all_components_are_kept_unless_told(objectives, tmp_path):
    fit(objectives, tmp_path / "all", settings=replace(ALL, obsolete_below=0.0))
    assert ModelStore().load(tmp_path / "all").document["num_components"] == 12
