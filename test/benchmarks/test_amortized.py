# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.benchmarks.amortized import amortized
from vi_ik_ros.benchmarks.amortized.measures import QUICK, Stage, measure
from vi_ik_ros.benchmarks.amortized.models import MODELS, NONE, OURS, PLAIN, WIDENED, Model
from vi_ik_ros.benchmarks.amortized.robots import TASKS, talos_arm, talos_elbow
from vi_ik_ros.sampling.models.model import Samples
from vi_ik_ros.sampling.training.settings import FitSettings

PLANAR = next(task for task in TASKS if task.name == "planar10")
SMALL = {"num_components": 3, "width": 16, "batch_size": 64}


class TwoPostures:
    """Two components, the first of which most contexts use; every draw is the posture itself."""

    num_components, num_dims, has_log_prob = 2, 10, True

    def __init__(self, x: np.ndarray) -> None:
        self.x = x

    def sample(self, contexts, num_samples, rngs) -> Samples:
        q = np.repeat(self.x[: len(contexts), None], num_samples, axis=1)
        component = np.zeros(q.shape[:2], np.uint32)
        component[0, ::2] = 1
        return Samples(q, self.log_prob(q, contexts), component)

    def log_prob(self, q, contexts) -> np.ndarray:
        return np.full(q.shape[:2], -3.0)


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage.of(PLANAR, QUICK)


def test_figures_are_those_of_the_draws(stage):
    found = measure(stage, TwoPostures(stage.x))
    assert (found.entropy == 3.0).all() and (found.log_likelihood == -3.0).all()
    q, contexts = torch.from_numpy(stage.x).float(), torch.from_numpy(stage.contexts).float()
    target = stage.objectives.product.log_density(q, contexts).numpy()
    np.testing.assert_allclose(found.elbo, target + 3.0, rtol=1e-4)
    assert found.used == 2 and found.kept == 2
    np.testing.assert_allclose(found.per_context[0], 2.0)
    np.testing.assert_allclose(found.per_context[1:], 1.0)
    assert (found.distinct <= 1).all()  # of equal starts


def test_draws_at_their_own_targets_have_no_error(stage):
    targets = np.random.default_rng(20_240_601).uniform(
        stage.robot.lower, stage.robot.upper, stage.x.shape
    )
    found = measure(stage, TwoPostures(targets))
    assert found.position_error.max() < 1e-9 and found.converged.min() == 1.0


@pytest.mark.parametrize(("load", "num_joints"), [(talos_arm, 7), (talos_elbow, 4)])
def test_the_arms_of_talos_are_chains_of_their_own(load, num_joints):
    robot = load()
    assert robot.nq == num_joints == len(robot.serial_chain().columns)
    assert not robot.floating_base and all("arm_left" in name for name in robot.joint_names)


def test_models_differ_in_what_they_say_alone():
    settings = {model.name: model.settings(1, 9.0) for model in MODELS}
    ours, plain = settings[OURS], settings[PLAIN]
    told = {"seed": 1, "time_limit": 9.0, "steps": 10**9}
    for settings_of_one, own in ((ours, WIDENED), (plain, NONE)):
        assert settings_of_one == FitSettings(**told, **own)
    assert settings["single Gaussian"].num_components == 1


@pytest.mark.slow
def test_the_table_holds_every_model(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    models = [Model(name, changes=SMALL | {"steps": 2}) for name in (PLAIN, OURS)]
    report = amortized.run(quick=True, seeds=2, tasks=[PLANAR], models=models)
    values = {(row.case, row.metric): row.value for row in report.rows}
    for name in (PLAIN, OURS):
        assert values[f"planar10, {name}", "updates"] == 2
        assert 1 <= values[f"planar10, {name}", "components with mean weight above 1e-4"] <= 3
    assert values["planar10, ours - plain", "entropy [nat]"] == 0  # the same settings, the same fit
    assert report.seeds == [0, 1]
    assert report.command == "vi-ik bench amortized --seeds 2 --budget 5 --quick"
