# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput, ObjectiveError
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.store.adoption import adopt
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import FitSettings, fit, prepare
from vi_ik_ros.sampling.training.runs.kd_tree_run import ROWS_PER_UPDATE

ROWS = 2 * ROWS_PER_UPDATE + 17
SETTINGS = FitSettings(num_components=ROWS, checkpoint_every=0.0)


@pytest.fixture(scope="module")
def objectives() -> Objectives:
    path = share_dir() / "config" / "objectives" / "planar3_position.yaml"
    return load_objectives(path, dtype=torch.float32)


@pytest.fixture(scope="module")
def stored(objectives, tmp_path_factory):
    place = tmp_path_factory.mktemp("fit") / "rows"
    fit(objectives, place, family="kd_tree", settings=SETTINGS)
    return ModelStore().load(place, objectives.robot)


def test_the_database_holds_as_many_rows_as_it_was_told(stored):
    assert stored.document["family"] == "kd_tree" and stored.document["num_components"] == 1
    assert stored.model.tensors()["q"].shape == (ROWS, 3)
    assert "elbo" not in stored.document["scores"]
    assert np.isfinite(stored.document["scores"]["log_target"])


def test_its_rows_nearly_answer_what_they_are_asked(stored, objectives):
    rng = np.random.default_rng(1)
    robot = objectives.robot
    goals = robot.forward(rng.uniform(robot.lower, robot.upper, (50, 3)))[:, :2, 3]
    q = stored.model.sample(goals, 1, [rng] * 50).q[:, 0]
    missed = np.linalg.norm(robot.forward(q)[:, :2, 3] - goals, axis=1)
    assert np.median(missed) < 0.05  # [m]; 10,000 rows on a disc of 20 square metres


def test_an_interrupted_run_goes_on_to_the_same_rows(stored, objectives, tmp_path):
    class Interrupted(Exception):
        pass

    def stop(progress):
        if progress.step == 2:
            raise Interrupted

    place = tmp_path / "rows"
    with pytest.raises(Interrupted):
        fit(objectives, place, family="kd_tree", settings=SETTINGS, on_progress=stop)
    steps = []
    again = {"settings": SETTINGS, "resume": True, "on_progress": lambda p: steps.append(p.step)}
    fit(objectives, place, family="kd_tree", **again)
    assert steps == [2, 3]
    rows = ModelStore().load(place, objectives.robot).model.tensors()
    assert all(np.array_equal(rows[name], stored.model.tensors()[name]) for name in rows)


def test_a_time_limit_leaves_the_rows_of_one_update(objectives, tmp_path):
    settings = FitSettings(num_components=1_000_000, time_limit=1e-3)
    fit(objectives, tmp_path / "rows", family="kd_tree", settings=settings)
    model = ModelStore().load(tmp_path / "rows", objectives.robot).model
    assert len(model.tensors()["q"]) == ROWS_PER_UPDATE


def test_it_never_replaces_a_model_that_has_a_score(stored, objectives, tmp_path):
    place = tmp_path / "made" / "rows"
    small = FitSettings(steps=2, num_components=2, width=8, num_blocks=1, batch_size=16)
    fit(objectives, place, settings=small)
    store = ModelStore(tmp_path / "store")
    assert adopt(store, place, "rows").adopted
    verdict = adopt(store, stored.path, "rows")
    assert not verdict.adopted and "has no score" in verdict.reason


def test_no_context_and_too_many_components_are_refused(objectives):
    plain = load_objectives(share_dir() / "config" / "objectives" / "planar2_line.yaml")
    with pytest.raises(ObjectiveError, match="kd_tree"):
        prepare(plain, family="kd_tree")
    many = FitSettings(num_components=100_000)
    with pytest.raises(InvalidInput, match="num_components: got 100000.*kd_tree"):
        prepare(objectives, family="amortized", settings=many)
