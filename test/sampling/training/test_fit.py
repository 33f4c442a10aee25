# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput, ModelRefused, ObjectiveError, TrainingDiverged
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import FitSettings, default_family, fit, prepare
from vi_ik_ros.sampling.training.pairs import TrainingPairs

SMALL = FitSettings(steps=40, num_components=4, width=16, num_blocks=1, batch_size=64)


@pytest.fixture(scope="module")
def objectives() -> Objectives:
    path = share_dir() / "config" / "objectives" / "planar3_position.yaml"
    return load_objectives(path, dtype=torch.float32)


def test_a_fitted_model_is_stored_whole(objectives, tmp_path):
    report = fit(objectives, tmp_path / "planar3", settings=SMALL, command="vi-ik train")
    stored = ModelStore().load(tmp_path / "planar3", objectives.robot)
    assert stored.digest == report.digest
    assert stored.document["training"]["steps"] == SMALL.steps
    assert stored.document["scores"]["elbo"] < 0
    assert stored.extras["extra.training_contexts"].shape == (10_000, 2)
    assert [p.name for p in tmp_path.iterdir()] == ["planar3"]
    curve = ModelStore().curve(tmp_path / "planar3")
    assert [point.step for point in curve.points] == list(range(1, SMALL.steps + 1))
    assert curve.names == ("log-likelihood", "ELBO")


def test_the_same_seed_gives_the_same_weights(objectives, tmp_path):
    for name in ("a", "b"):
        fit(objectives, tmp_path / name, settings=SMALL)
    a, b = (ModelStore().load(tmp_path / name).model.tensors() for name in ("a", "b"))
    assert all((a[name] == b[name]).all() for name in a)


class Interrupted(Exception):
    pass


def test_an_interrupted_fit_resumes_to_the_same_model(objectives, tmp_path):
    settings = FitSettings(**(SMALL.__dict__ | {"checkpoint_every": 0.0}))
    fit(objectives, tmp_path / "whole", settings=settings)

    def stop(progress):
        if progress.step == 25:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(objectives, tmp_path / "halves", settings=settings, on_progress=stop)
    assert not (tmp_path / "halves").exists()
    steps = []
    fit(
        objectives,
        tmp_path / "halves",
        settings=settings,
        resume=True,
        on_progress=lambda progress: steps.append(progress.step),
    )
    assert steps[0] == 25  # the checkpoint was written after step 24
    a, b = (ModelStore().load(tmp_path / name).model.tensors() for name in ("whole", "halves"))
    assert all((a[name] == b[name]).all() for name in a)
    whole, halves = (ModelStore().curve(tmp_path / name).points for name in ("whole", "halves"))
    assert [(p.step, p.num_components, p.figures) for p in whole] == [
        (p.step, p.num_components, p.figures) for p in halves
    ]


def test_resuming_what_was_never_begun_is_refused(objectives, tmp_path):
    with pytest.raises(ModelRefused, match="resume: got .*none.partial.*expected a checkpoint"):
        fit(objectives, tmp_path / "none", settings=SMALL, resume=True)


def test_resuming_another_run_is_refused(objectives, tmp_path):
    settings = FitSettings(**(SMALL.__dict__ | {"checkpoint_every": 0.0}))

    def stop(progress):
        if progress.step == 5:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(objectives, tmp_path / "a", settings=settings, on_progress=stop)
    other = FitSettings(**(settings.__dict__ | {"seed": 9}))
    with pytest.raises(ModelRefused, match="checkpoint of another run"):
        fit(objectives, tmp_path / "a", settings=other, resume=True)


def test_an_unknown_family_is_refused(objectives, tmp_path):
    with pytest.raises(InvalidInput, match="family: got forest, expected one of amortized"):
        fit(objectives, tmp_path / "x", settings=SMALL, family="forest")


@pytest.mark.parametrize("family", ["amortized", "moe", "em"])
def test_objectives_without_context_are_refused_by_a_conditional_family(family):
    path = share_dir() / "config" / "objectives" / "planar2_line.yaml"
    with pytest.raises(ObjectiveError, match=f"context: got no entry.*family {family}"):
        prepare(load_objectives(path, dtype=torch.float32), family=family)


@pytest.mark.parametrize(
    ("file", "family"),
    [
        ("planar3_position", "amortized"),
        ("panda_pose", "amortized"),
        ("planar2_line", "banana"),
        ("panda_over_table", "banana"),
        ("planar6_priority", "banana"),
        ("talos_stance", "gaussian"),
    ],
)
def test_the_family_follows_the_objectives(file, family):
    path = share_dir() / "config" / "objectives" / f"{file}.yaml"
    assert default_family(load_objectives(path, dtype=torch.float32)) == family


def test_a_prepared_fit_says_what_it_will_do():
    path = share_dir() / "config" / "objectives" / "planar2_line.yaml"
    objectives = load_objectives(path, dtype=torch.float32)
    prepared = prepare(objectives, settings=SMALL, device="meta")
    assert (prepared.family, prepared.run.step) == ("banana", 0)
    assert prepared.device == torch.device("cpu")  # whatever was asked for


@pytest.mark.parametrize(
    ("file", "family"),
    [
        ("planar3_position", "amortized"),
        ("planar3_position", "moe"),
        ("planar3_position", "em"),
        ("planar2_line", "gaussian"),
        ("planar2_line", "banana"),
        ("planar6_priority", "gaussian"),
    ],
)
def test_every_fit_watches_its_elbo_and_its_components(file, family, tmp_path):
    path = share_dir() / "config" / "objectives" / f"{file}.yaml"
    settings = FitSettings(**(SMALL.__dict__ | {"steps": 9}))
    seen = []
    objectives = load_objectives(path, dtype=torch.float32)
    fit(objectives, tmp_path / "x", settings=settings, family=family, on_progress=seen.append)
    assert all("ELBO" in progress.figures for progress in seen[1:])
    assert all(1 <= progress.num_components <= 4 for progress in seen[1:])


def test_a_fit_that_leaves_the_numbers_ends_in_one_line(objectives, tmp_path):
    settings = FitSettings(**(SMALL.__dict__ | {"learning_rate": 1e30, "checkpoint_every": 0.0}))
    with pytest.raises(TrainingDiverged, match="training diverged at step"):
        fit(objectives, tmp_path / "x", settings=settings)
    assert not (tmp_path / "x").exists()


def test_pairs_are_the_forward_kinematics_within_the_noise(objectives):
    product = objectives.product
    pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
    contexts, x = pairs.draw(2000, torch.Generator().manual_seed(0))
    tip = objectives.robot.forward(x.double().numpy(), "tip")[:, :2, 3]
    std = float(product.expert(objectives.context_entries[0].objective).density.scale[0])
    assert np.std(contexts.numpy() - tip) == pytest.approx(std, rel=0.1)
    assert (x > product.chain.lower).all() and (x < product.chain.upper).all()


def test_uniform_contexts_keep_to_their_bounds(tmp_path):
    document = {
        "robot": "planar3",
        "objectives": [
            {
                "name": "tip",
                "transform": {"type": "position", "frame": "tip", "axes": ["x", "y"]},
                "density": {"type": "normal", "std": 0.02},
            }
        ],
        "context": [
            {
                "objective": "tip",
                "field": "mean",
                "distribution": {"type": "uniform", "lower": [0.5, -0.5], "upper": [1.5, 0.5]},
            }
        ],
    }
    product = load_objectives(document, dtype=torch.float32).product
    pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
    contexts, _ = pairs.draw(500, torch.Generator().manual_seed(0))
    assert contexts[:, 0].min() >= 0.5 and contexts[:, 1].abs().max() <= 0.5


def test_experts_that_no_configuration_satisfies_are_named(objectives, tmp_path):
    document = {
        "robot": "planar3",
        "objectives": [
            {
                "name": "tip",
                "transform": {"type": "position", "frame": "tip", "axes": ["x", "y"]},
                "density": {"type": "normal", "std": 0.02},
            },
            {
                "name": "nailed",
                "transform": {"type": "configuration", "joints": ["joint_1", "joint_2"]},
                "density": {"type": "normal", "mean": [0.1, 0.2], "std": 1e-4},
            },
        ],
        "context": [
            {"objective": "tip", "field": "mean", "distribution": {"type": "reachable"}},
        ],
    }
    with pytest.raises(ObjectiveError, match="nailed"):
        fit(load_objectives(document, dtype=torch.float32), Path(tmp_path / "x"), settings=SMALL)
