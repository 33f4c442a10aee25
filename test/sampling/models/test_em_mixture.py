# SPDX-License-Identifier: Apache-2.0
import itertools
import json
import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.em_mixture import EmMixture
from vi_ik_ros.sampling.models.linear_experts.joint_options import JointOptions
from vi_ik_ros.sampling.models.linear_experts.wrapped_mixture import images

WIDE = ((-math.pi,) * 2, (math.pi,) * 2)
LIMITED = ((-1.0, -1.0), (1.5, 1.5))


def joint(num_components=3, dims=3, seed=0, scale=0.5):
    """Weights, means and covariances of a joint mixture of (y, x0, x1)."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(num_components) * 3)
    roots = scale * rng.standard_normal((num_components, dims, dims)) + 0.2 * np.eye(dims)
    return weights, 1.5 * rng.standard_normal((num_components, dims)), roots @ roots.mT


def model_of(weights, means, covariances, f=1, limits=WIDE, ends=9.0, **options) -> EmMixture:
    """Condition a joint by the textbook, moment by moment."""

    def precision(covariance):
        P = np.linalg.inv(np.linalg.cholesky(covariance))
        diagonal = np.diagonal(P, axis1=1, axis2=2)
        rows, columns = np.tril_indices(P.shape[-1], -1)
        return np.log(diagonal), (P / diagonal[..., None])[:, rows, columns]

    yy, xy = covariances[:, :f, :f], covariances[:, f:, :f]
    matrix = xy @ np.linalg.inv(yy)
    gate_log_scale, gate_coupling = precision(yy)
    log_scale, coupling = precision(covariances[:, f:, f:] - matrix @ xy.mT)
    offset = means[:, f:] - (matrix @ means[:, :f, None])[..., 0]
    read = JointOptions(
        options.pop("entries", (("vector", f),)), *limits, num_components=len(weights), **options
    )
    values = {"gate_logits": np.log(weights), "gate_loc": means[:, :f], "matrix": matrix}
    values |= {"gate_log_scale": gate_log_scale, "gate_coupling": gate_coupling}
    values |= {"offset": offset, "log_scale": log_scale, "coupling": coupling}
    values |= {"feature_lower": np.full(f, -ends), "feature_upper": np.full(f, ends)}
    return EmMixture(read, {name: value.astype(np.float32) for name, value in values.items()})


def rngs(n: int) -> list[np.random.Generator]:
    return [np.random.default_rng([5, i]) for i in range(n)]


def one_turn(cells: int = 240) -> tuple[np.ndarray, float]:
    axis = (np.arange(cells) + 0.5) / cells * 2 * math.pi - math.pi
    return np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2), (axis[1] - axis[0]) ** 2


@pytest.mark.parametrize("scale", [0.15, 0.5, 1.2])
@pytest.mark.parametrize("y", [-1.5, 0.4])
def test_the_density_of_angles_integrates_to_one_over_a_turn(scale, y):
    x, area = one_turn()
    model = model_of(*joint(scale=scale), periodic=(0, 1))
    mass = np.exp(model.log_prob(x[None], np.array([[y]]))).sum() * area
    assert mass == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("periodic", [(), (1,)])
def test_without_periodic_joints_it_integrates_to_one_over_the_line(periodic):
    model = model_of(*joint(), periodic=periodic)
    long = np.linspace(-12.0, 12.0, 961)
    short = one_turn()[0][:240, 0] if periodic else long
    x = np.stack(np.meshgrid(long, short), -1).reshape(1, -1, 2)
    area = (long[1] - long[0]) * (short[1] - short[0])
    assert np.exp(model.log_prob(x, np.array([[0.4]]))).sum() * area == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("periodic", [(), (0,), (0, 1)])
def test_the_conditional_is_the_joint_divided_by_its_marginal(periodic):
    weights, means, covariances = joint(4)
    y, x = 0.3, np.random.default_rng(1).uniform(-3, 3, (50, 2))
    ways = [(-2, -1, 0, 1, 2) if i in periodic else (0,) for i in range(2)]
    over = np.zeros(len(x))
    for turns in itertools.product(*ways):
        rows = np.column_stack([np.full(len(x), y), x + 2 * math.pi * np.array(turns)])
        parts = zip(weights, means, covariances, strict=True)
        over += sum(w * multivariate_normal(m, S).pdf(rows) for w, m, S in parts)
    parts = zip(weights, means, covariances, strict=True)
    under = sum(w * multivariate_normal(m[0], S[0, 0]).pdf(y) for w, m, S in parts)
    model = model_of(weights, means, covariances, periodic=periodic)
    found = np.exp(model.log_prob(x[None], np.array([[y]])))[0]
    np.testing.assert_allclose(found, over / under, rtol=1e-3, atol=1e-4)


def test_draws_stay_within_the_turn_and_follow_the_density():
    model, y = model_of(*joint(scale=0.8), periodic=(0, 1)), np.array([[0.2]])
    samples = model.sample(y, 40_000, rngs(1))
    assert samples.redrawn == 0 and (np.abs(samples.q) <= math.pi).all()
    x, area = one_turn(160)
    weights = np.exp(model.log_prob(x[None], y))[0] * area
    for function in (np.cos, np.sin, lambda x: np.cos(x[..., :1] - x[..., 1:])):
        expected = weights @ function(x)
        np.testing.assert_allclose(function(samples.q[0]).mean(0), expected, atol=0.02)
    np.testing.assert_array_equal(samples.log_prob, model.log_prob(samples.q, y))


def test_a_turn_further_an_angle_is_the_same():
    model, y = model_of(*joint(), periodic=(1,)), np.array([[0.2]])
    x = np.random.default_rng(0).uniform(-1, 1, (1, 20, 2))
    further = x + np.array([0.0, 2 * math.pi])
    np.testing.assert_allclose(model.log_prob(further, y), model.log_prob(x, y), atol=1e-9)
    assert (np.abs(model.log_prob(x + np.array([7.0, 0.0]), y) - model.log_prob(x, y)) > 1e-3).all()


def test_draws_outside_the_limits_are_redrawn():
    model = model_of(*joint(), limits=LIMITED, periodic=(0,))
    samples = model.sample(np.array([[0.0]]), 300, rngs(1))
    assert samples.redrawn > 0 and (samples.q >= -1.0).all() and (samples.q <= 1.5).all()


def test_point_predictions_are_those_of_the_source():
    weights, means, covariances = joint(3)
    model, y = model_of(weights, means, covariances), np.array([0.4])
    slope = covariances[:, 1:, 0] / covariances[:, :1, 0]
    loc = means[:, 1:] + slope * (0.4 - means[:, :1])
    left = covariances[:, 1:, 1:] - slope[..., None] * covariances[:, :1, 1:]
    parts = zip(weights, means, covariances, strict=True)
    beta = np.array([w * multivariate_normal(m[0], S[0, 0]).pdf(0.4) for w, m, S in parts])
    beta /= beta.sum()
    np.testing.assert_allclose(model.conditional(y).weights, beta, atol=1e-5)
    np.testing.assert_allclose(model.single_component(y), loc[beta.argmax()], atol=1e-5)
    np.testing.assert_allclose(model.least_squares(y), beta @ loc, atol=1e-5)
    densest = (beta / np.sqrt(np.linalg.det(left))).argmax()
    np.testing.assert_allclose(model.densest_component(y), loc[densest], atol=1e-5)
    drawn = model.one_gaussian(y, 50_000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(0), beta @ loc, atol=0.02)
    expected = np.einsum("k,kij->ij", beta**2, left)
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.02)


def test_the_mean_of_angles_at_the_end_of_a_turn_stays_there():
    weights, covariance = np.array([0.5, 0.5]), np.tile(0.05 * np.eye(3), (2, 1, 1))
    means = np.array([[0.0, math.pi - 0.2, 1.0], [0.0, -math.pi + 0.1, 1.0]])
    model = model_of(weights, means, covariance, periodic=(0, 1))
    mean = model.least_squares(np.array([0.0]))
    np.testing.assert_allclose(mean, [math.pi - 0.05, 1.0], atol=1e-5)


def test_features_beyond_their_range_are_taken_as_its_ends():
    model = model_of(*joint(), ends=1.0)
    at_the_end, beyond = (model.conditional(np.array([y])) for y in (1.0, 30.0))
    np.testing.assert_array_equal(at_the_end.loc, beyond.loc)
    np.testing.assert_array_equal(at_the_end.log_gate, beyond.log_gate)


def test_a_turned_joint_follows_its_target():
    symmetry = AxisSymmetry(first=0)
    model = model_of(
        *joint(), entries=(("position", 3),), symmetry=symmetry, columns=(0,), periodic=(0,)
    )
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (1, 30, 2))
    turn = np.array([1.1, 0.0])
    near = np.array([[0.8, 0.0, 0.0]])
    far = np.array([[0.8 * math.cos(1.1), 0.8 * math.sin(1.1), 0.0]])
    np.testing.assert_allclose(model.log_prob(x, near), model.log_prob(x + turn, far), atol=1e-6)


def test_options_and_tensors_give_the_model_back():
    model = model_of(*joint(), periodic=(1,))
    again = EmMixture.from_tensors(json.loads(json.dumps(model.options())), model.tensors())
    a, b = (m.sample(np.array([[0.1]]), 50, rngs(1)) for m in (model, again))
    np.testing.assert_array_equal(a.q, b.q)
    np.testing.assert_array_equal(a.log_prob, b.log_prob)


def test_what_does_not_fit_is_refused():
    model = model_of(*joint(), periodic=(1,))
    options, tensors = model.options(), model.tensors()
    with pytest.raises(InvalidInput, match=r"options.periodic: got \[2\], expected indices below"):
        EmMixture.from_tensors(options | {"periodic": [2]}, tensors)
    with pytest.raises(InvalidInput, match="tensor feature_lower: got nothing"):
        EmMixture.from_tensors(options, {k: v for k, v in tensors.items() if k != "feature_lower"})
    with pytest.raises(InvalidInput, match="options: .*periodic"):
        EmMixture.from_tensors({k: v for k, v in options.items() if k != "periodic"}, tensors)


def test_only_components_at_the_end_of_a_turn_have_images():
    middle, std = np.zeros(2), np.full((3, 2), 0.2)
    loc = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, -3.0]])
    owner, shift = images(loc, std, middle, (0, 1))
    assert sorted(owner.tolist()) == [0, 1, 1, 2, 2, 2, 2]
    assert not shift[:3].any()
    turn = 2 * math.pi
    assert sorted(map(tuple, shift[owner == 2])) == [(-turn, 0), (-turn, turn), (0, 0), (0, turn)]
    assert images(loc, std, middle, ())[0].tolist() == [0, 1, 2]
    owner, _ = images(np.zeros((1, 6)), np.full((1, 6), 1.0), np.zeros(6), tuple(range(6)))
    assert len(owner) == 3**4
