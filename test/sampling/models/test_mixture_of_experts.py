# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.linear_experts.options import ExpertsOptions
from vi_ik_ros.sampling.models.mixture_of_experts import MixtureOfExperts

LIMITS = {"lower": (-6.0, -6.0), "upper": (6.0, 6.0)}


def make(entries=(("vector", 1),), num_components=3, seed=0, **limits) -> MixtureOfExperts:
    options = ExpertsOptions(entries, num_components=num_components, **(LIMITS | limits))
    rng = np.random.default_rng(seed)
    tensors = {
        name: (0.6 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in options.tensor_shapes().items()
    }
    tensors["log_scale"] += 1.0
    return MixtureOfExperts(options, tensors)


def rngs(n: int) -> list[np.random.Generator]:
    return [np.random.default_rng([5, i]) for i in range(n)]


def by_hand(model: MixtureOfExperts, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Eq. (17) with covariance matrices, for a vector context."""
    t = {name: value.astype(np.float64) for name, value in model.tensors().items()}

    def covariance(log_scale, coupling):
        P = np.eye(len(log_scale))
        P[np.tril_indices(len(P), -1)] = coupling
        P = np.exp(log_scale)[:, None] * P
        return np.linalg.inv(P.T @ P)

    gates, densities = [], []
    for k in range(model.num_components):
        S = covariance(t["gate_log_scale"][k], t["gate_coupling"][k])
        gates.append(np.exp(t["gate_logits"][k]) * multivariate_normal(t["gate_loc"][k], S).pdf(y))
        S = covariance(t["log_scale"][k], t["coupling"][k])
        densities.append(multivariate_normal(t["matrix"][k] @ y + t["offset"][k], S).pdf(x))
    return np.array(gates) / sum(gates) @ np.array(densities)


@pytest.mark.parametrize("y", [[-1.5], [0.0], [0.8]])
def test_the_density_integrates_to_one_for_every_context(y):
    axis = np.linspace(-8.0, 8.0, 321)
    x = np.stack(np.meshgrid(axis, axis), -1).reshape(1, -1, 2)
    mass = np.exp(make().log_prob(x, np.array([y]))).sum() * (axis[1] - axis[0]) ** 2
    assert mass == pytest.approx(1.0, abs=1e-4)


def test_log_prob_is_that_of_gated_linear_experts():
    model = make((("vector", 2),))
    x, y = np.random.default_rng(1).normal(size=(700, 2)), np.array([0.3, -0.9])
    expected = np.log(by_hand(model, x, y))
    np.testing.assert_allclose(model.log_prob(x[None], y[None])[0], expected, rtol=1e-9, atol=1e-9)


def test_samples_follow_the_density():
    model, y = make(), np.array([[0.5]])
    samples = model.sample(y, 40_000, rngs(1))
    assert samples.redrawn == 0
    axis = np.linspace(-8.0, 8.0, 321)
    x = np.stack(np.meshgrid(axis, axis), -1).reshape(1, -1, 2)
    weights = np.exp(model.log_prob(x, y))[0] * (axis[1] - axis[0]) ** 2
    mean = weights @ x[0]
    np.testing.assert_allclose(samples.q[0].mean(0), mean, atol=0.02)
    centred = x[0] - mean
    np.testing.assert_allclose(np.cov(samples.q[0].T), (centred.T * weights) @ centred, atol=0.03)
    entropy = -(weights * model.log_prob(x, y)[0]).sum()
    assert -samples.log_prob.mean() == pytest.approx(entropy, abs=0.03)


def test_draws_outside_the_limits_are_redrawn_or_in_the_end_put_there():
    model = make(lower=(-1.0, -1.0), upper=(0.5, 0.5))
    samples = model.sample(np.array([[0.0]]), 500, rngs(1))
    assert samples.redrawn > 0 and ((samples.q >= -1.0) & (samples.q < 0.5)).all()
    np.testing.assert_array_equal(samples.log_prob, model.log_prob(samples.q, np.array([[0.0]])))
    far = model.sample(np.array([[50.0]]), 20, rngs(1))
    assert ((far.q >= -1.0) & (far.q <= 0.5)).all() and np.isfinite(far.log_prob).all()
    assert far.redrawn > 1_000


def test_a_batch_equals_single_calls():
    model = make((("pose", 7), ("vector", 2)), 5)
    contexts = np.random.default_rng(2).normal(size=(4, 9))
    together = model.sample(contexts, 30, rngs(4))
    x = together.q[:, :7]
    densities = model.log_prob(x, contexts)
    for i in range(4):
        alone = model.sample(contexts[i : i + 1], 30, rngs(4)[i : i + 1])
        np.testing.assert_array_equal(together.q[i], alone.q[0])
        np.testing.assert_array_equal(together.log_prob[i], alone.log_prob[0])
        single = model.log_prob(x[i : i + 1], contexts[i : i + 1])[0]
        np.testing.assert_array_equal(densities[i], single)


def test_the_sign_of_a_quaternion_changes_no_bit():
    model = make((("pose", 7),), 5)
    context = np.array([[0.3, -0.2, 0.5, 0.1, 0.7, -0.1, 0.7]])
    other = context * [1, 1, 1, -1, -1, -1, -1]
    a, b = (model.sample(c, 50, rngs(1)) for c in (context, other))
    np.testing.assert_array_equal(a.q, b.q)
    np.testing.assert_array_equal(a.log_prob, b.log_prob)


def test_options_and_tensors_give_the_model_back():
    model = make((("position", 3),))
    options = json.loads(json.dumps(model.options()))
    again = MixtureOfExperts.from_tensors(options, model.tensors())
    context = np.array([[0.1, 0.2, 0.3]])
    a, b = (m.sample(context, 50, rngs(1)) for m in (model, again))
    np.testing.assert_array_equal(a.q, b.q)
    np.testing.assert_array_equal(a.log_prob, b.log_prob)


def test_far_rows_have_a_log_prob():
    far = np.array([[[1e200, 0.0], [-1e308, 1e308]]])
    assert np.isfinite(make().log_prob(far, np.array([[0.0]]))).all()


def test_wrong_tensors_and_options_are_refused_by_name():
    model = make()
    with pytest.raises(InvalidInput, match="tensor matrix: got nothing"):
        MixtureOfExperts.from_tensors(
            model.options(), {k: v for k, v in model.tensors().items() if k != "matrix"}
        )
    with pytest.raises(InvalidInput, match=r"tensor offset: got \(3, 3\), expected shape \(3, 2\)"):
        MixtureOfExperts.from_tensors(
            model.options(), model.tensors() | {"offset": np.zeros((3, 3), np.float32)}
        )
    with pytest.raises(InvalidInput, match="options: .*num_components"):
        MixtureOfExperts.from_tensors({"entries": [["vector", 1]]}, model.tensors())
