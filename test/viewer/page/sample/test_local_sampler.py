# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import ModelNotFound
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, WarmStartSolver
from vi_ik_ros.viewer.page.sample.local_sampler import LocalSampler


def test_it_answers_as_the_solver_does(sampler, store):
    model = sampler.model("arm")
    request = SampleRequest(context=model.context, num_samples=4, seed=5, refine=True)
    expected = WarmStartSolver(model.robot, store.load("arm")).solve(request)
    np.testing.assert_array_equal(sampler.sample("arm", request).positions, expected.positions)


@pytest.mark.parametrize(("name", "size"), [("arm", 7), ("spot", 3)])
def test_the_usual_context_of_an_arm_is_its_ready_posture(sampler, name, size):
    model = sampler.model(name)
    assert model.refines and model.context.shape == (size,)
    T_root_tip = model.robot.forward(model.robot.ready)
    np.testing.assert_allclose(model.context[:3], T_root_tip[:3, 3], atol=1e-12)


def test_the_usual_context_of_a_body_is_one_of_its_training():
    model = LocalSampler(ModelStore()).model("talos_reach")
    rows = ModelStore().load("talos_reach").extras["extra.training_contexts"]
    np.testing.assert_array_equal(model.context, rows[0])


def test_a_model_that_was_written_again_is_read_again(tmp_path, write_tiny_model):
    write_tiny_model(tmp_path, "arm", seed=1)
    sampler = LocalSampler(ModelStore(tmp_path, shipped=tmp_path / "none"))
    request = SampleRequest(context=sampler.model("arm").context, num_samples=1, seed=1)
    before = sampler.sample("arm", request).model_digest
    assert sampler.sample("arm", request).model_digest == before
    digest = write_tiny_model(tmp_path, "arm", seed=2)
    assert sampler.sample("arm", request).model_digest == digest != before


def test_a_name_that_the_store_does_not_have_is_refused(sampler):
    assert list(sampler.model_names()) == ["arm", "spot"]
    with pytest.raises(ModelNotFound):
        sampler.model("leg")
