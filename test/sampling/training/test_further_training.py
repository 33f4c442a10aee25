# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from vi_ik_ros.cli.main import main
from vi_ik_ros.exceptions import InvalidInput, ModelNotFound, ModelRefused
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import fit, prepare
from vi_ik_ros.sampling.training.settings import FitSettings

SMALL = FitSettings(steps=40, num_components=4, width=16, num_blocks=1, batch_size=64)


def load(name: str) -> Objectives:
    path = share_dir() / "config" / "objectives" / f"{name}.yaml"
    return load_objectives(path, dtype=torch.float32)


@pytest.fixture(scope="module")
def objectives() -> Objectives:
    return load("planar3_position")


@pytest.fixture(scope="module")
def first(objectives, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models") / "first"
    fit(objectives, directory, settings=SMALL)
    return directory


def further(first, **changes) -> FitSettings:
    return FitSettings(**{"start": str(first), "sharpen_from": 0.0, "batch_size": 64, **changes})


def test_training_goes_on_from_the_weights_and_sizes_of_the_model(objectives, first, tmp_path):
    small_steps = further(first, steps=1, learning_rate=1e-9)
    fit(objectives, tmp_path / "second", settings=small_steps)
    before, after = (ModelStore().load(d).model for d in (first, tmp_path / "second"))
    assert after.options() == before.options()
    for name, value in before.tensors().items():
        np.testing.assert_array_equal(after.tensors()[name], value)


def test_more_training_makes_a_better_model(objectives, first, tmp_path):
    report = fit(objectives, tmp_path / "better", settings=further(first, steps=60))
    scores = ModelStore().load(first).document["scores"]
    assert report.scores["elbo"] > scores["elbo"] + 1.0
    document = ModelStore().load(tmp_path / "better").document
    assert document["training"]["settings"]["start"] == str(first)


def test_what_cannot_be_trained_further_is_refused(objectives, first, tmp_path):
    with pytest.raises(ModelNotFound):
        prepare(objectives, settings=further("no_such_model"))
    with pytest.raises(ModelRefused, match="joint"):
        prepare(load("panda_position"), settings=further(first))
    fit(objectives, tmp_path / "tree", settings=replace(SMALL, num_components=50), family="kd_tree")
    with pytest.raises(InvalidInput, match="an amortized model"):
        prepare(objectives, settings=further(tmp_path / "tree"))


def test_other_contexts_are_refused():
    with pytest.raises(InvalidInput) as refusal:
        prepare(load("panda_position"), settings=further("panda_pose"))
    assert refusal.value.field == "start" and "position" in str(refusal.value.expected)


def test_the_command_sharpens_from_the_first_update_on(first, tmp_path, capsys):
    file = str(share_dir() / "config" / "objectives" / "planar3_position.yaml")
    out = ["--out", str(tmp_path / "more"), "--steps", "2", "--batch-size", "16"]
    assert main(["train", file, *out, "--start", str(first), "--json"]) == 0
    settings = ModelStore().load(tmp_path / "more").document["training"]["settings"]
    assert settings["sharpen_from"] == 0.0 and settings["start"] == str(first)
    capsys.readouterr()
    assert main(["train", file, *out, "--start", str(first), "--family", "em"]) == 2
    assert "--start" in capsys.readouterr().err


def test_decided_gates_change_nothing_but_gates(objectives, first, tmp_path, monkeypatch):
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_CONTEXTS", 1000)
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_SAMPLES", 16)
    settings = further(first, steps=1, learning_rate=1e-9, elbo_weight=5.0, decide_gates=True)
    report = fit(objectives, tmp_path / "decided", settings=settings)
    before, after = (ModelStore().load(d).model for d in (first, tmp_path / "decided"))
    changed = {n for n, v in before.tensors().items() if (after.tensors()[n] != v).any()}
    assert changed <= {"trunk.head.weight", "trunk.head.bias"}
    rows = (4, -1, 16)
    a, b = (model.tensors()["trunk.head.weight"].reshape(rows) for model in (before, after))
    np.testing.assert_array_equal(a[:, 1:], b[:, 1:])
    assert report.scores["elbo"] >= ModelStore().load(first).document["scores"]["elbo"]
