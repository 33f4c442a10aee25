# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.store.intersection import intersect

NO_CONTEXT = np.empty((1, 0))


def objective(name: str, std: float) -> dict:
    return {"name": name, "transform": {"type": "configuration"}, "density": {"std": [std]}}


@pytest.fixture
def put(store, document, robot):
    """Store a Gaussian at a place, and read it again."""

    def make(name, loc, std=0.1, objectives=(), names=None):
        loc = np.array([loc], dtype=np.float64)
        tril = std * np.eye(2)[None]
        model = GaussianMixture(np.zeros(1), loc, tril, lower=robot.lower, upper=robot.upper)
        robot_entry = document["robot"] | ({"joint_names": names} if names else {})
        said = {"robot": "arm", "objectives": list(objectives), "context": []}
        about = {"robot": robot_entry, "context": [], "objectives": said}
        store.write(store.root / name, model, about)
        return store.load(name)

    return make


def test_the_product_can_be_stored_and_read(put, store, robot):
    first, second = put("first", [0.1, 0.3]), put("second", [0.3, -0.1])
    result = intersect(first, second)
    store.write(store.root / "both", result.mixture, result.document)
    both = store.load("both", robot)
    np.testing.assert_allclose(both.model.loc, [[0.2, 0.1]], atol=1e-6)
    q = np.array([[[0.2, 0.1], [0.25, 0.0]]])
    summed = sum(m.model.log_prob(q, NO_CONTEXT) for m in (first, second))
    expected = summed - both.document["scores"]["log_mass"]
    np.testing.assert_allclose(both.model.log_prob(q, NO_CONTEXT), expected, atol=1e-4)
    assert result.remarks() == ()


def test_a_shared_objective_is_named_whatever_it_is_called(put):
    first = put("first", [0, 0], objectives=[objective("a", 1.0), objective("limits", 0.05)])
    second = put("second", [0, 0], objectives=[objective("a", 2.0), objective("soft", 0.05)])
    result = intersect(first, second)
    assert result.shared == ("limits",)
    assert "limits" in result.remarks()[0] and "twice" in result.remarks()[0]
    names = [one["name"] for one in result.document["objectives"]["objectives"]]
    assert names == ["a", "limits", "a_2", "soft"]


def test_far_models_are_told_to_contradict_each_other(put):
    result = intersect(put("first", [-0.8, 0], 0.01), put("second", [0.8, 0], 0.01))
    assert "113 standard deviations" in result.remarks()[0]


def test_a_product_at_the_limits_is_told(put):
    result = intersect(put("first", [0.99, 0.0]), put("second", [1.1, 0.0]))
    assert result.redraw_rate > 0.5
    assert "outside the joint limits" in result.remarks()[0]


def test_a_product_outside_the_limits_is_refused(put):
    outside = put("second", [50.0, 0.0], 0.01)
    with pytest.raises(InvalidInput, match="model first and model second: .* 0 of .*in common"):
        intersect(put("first", [0.0, 0.0]), outside)


def test_models_of_other_joints_are_refused(put):
    with pytest.raises(InvalidInput, match="model second: got joints b, a, expected a, b as model"):
        intersect(put("first", [0, 0]), put("second", [0, 0], names=["b", "a"]))
