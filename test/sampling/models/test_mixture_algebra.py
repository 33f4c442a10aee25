# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.models.mixture_algebra import overlap_graph, product

NO_CONTEXT = np.empty((1, 0))


def mixture(seed: int, K: int = 3, D: int = 2, limit: float = 9.0) -> GaussianMixture:
    rng = np.random.default_rng(seed)
    scale = np.tril(0.3 * rng.normal(size=(K, D, D)), -1)
    scale[:, range(D), range(D)] = rng.uniform(0.3, 0.9, (K, D))
    loc = rng.uniform(-1, 1, (K, D))
    limits = {"lower": np.full(D, -limit), "upper": np.full(D, limit)}
    return GaussianMixture(rng.normal(size=K), loc, scale, **limits)


@pytest.mark.parametrize("D", [1, 2, 7])
def test_product_is_the_normalised_product(D):
    a, b = mixture(1, D=D), mixture(2, K=4, D=D)
    result = product(a, b)
    q = np.random.default_rng(0).normal(size=(1, 50, D))
    expected = a.log_prob(q, NO_CONTEXT) + b.log_prob(q, NO_CONTEXT) - result.log_mass
    found = result.mixture.log_prob(q, NO_CONTEXT)
    # What was dropped is a share of the mass: it shows where the density is small.
    np.testing.assert_allclose(np.exp(found), np.exp(expected), atol=2e-6 * np.exp(found.max()))


def test_mass_of_the_product_is_the_integral():
    a, b = mixture(1), mixture(2)
    axis = np.linspace(-7, 7, 401)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(1, -1, 2)
    density = np.exp(a.log_prob(grid, NO_CONTEXT) + b.log_prob(grid, NO_CONTEXT))
    mass = density.sum() * (axis[1] - axis[0]) ** 2
    assert np.exp(product(a, b).log_mass) == pytest.approx(mass, rel=1e-6)


def test_a_model_times_a_flat_one_is_itself():
    a = mixture(1)
    limits = {"lower": a.lower, "upper": a.upper}
    flat = GaussianMixture(np.zeros(1), np.zeros((1, 2)), 1e6 * np.eye(2)[None], **limits)
    q = np.random.default_rng(0).normal(size=(1, 50, 2))
    found = product(a, flat).mixture.log_prob(q, NO_CONTEXT)
    np.testing.assert_allclose(found, a.log_prob(q, NO_CONTEXT), atol=1e-6)


def test_narrow_factors_keep_their_digits():
    """A ridge 1e-9 wide times a wide Gaussian: squares of the widths would be lost."""
    limits = {"lower": np.full(2, -2.0), "upper": np.full(2, 2.0)}
    ridge = GaussianMixture(
        np.zeros(1), np.zeros((1, 2)), np.array([[[1.0, 0.0], [1.0, 1e-9]]]), **limits
    )
    wide = GaussianMixture(np.zeros(1), np.ones((1, 2)), 0.5 * np.eye(2)[None], **limits)
    mean = product(ridge, wide).mixture.loc[0]
    # Along (1, 1): N(0, 1) in the first coordinate, and twice N(1, 0.25).
    np.testing.assert_allclose(mean, [8 / 9, 8 / 9], atol=1e-6)


def test_negligible_components_go_and_the_heaviest_stay():
    a, b = mixture(1, K=6), mixture(2, K=6)
    whole, few = product(a, b), product(a, b, max_components=4)
    assert whole.dropped <= 1e-6
    assert few.mixture.num_components == len(few.pairs) == 4
    assert (np.diff(whole.mixture.log_weights) <= 0).all()
    np.testing.assert_array_equal(few.pairs, whole.pairs[:4])
    assert few.dropped == pytest.approx(1 - whole.mixture.weights[:4].sum(), abs=1e-5)


def test_contradicting_models_are_far_apart_and_still_multiply():
    a, b = mixture(1), mixture(2)
    limits = {"lower": b.lower, "upper": b.upper}
    moved = GaussianMixture(b.log_weights, b.loc + 200.0, b.scale_tril, **limits)
    result = product(a, moved)
    assert result.distance > 50 > 5 > product(a, b).distance
    assert np.isfinite(result.mixture.loc).all()
    assert np.isfinite(result.log_mass)


def test_overlap_is_eq_21():
    a = mixture(4, K=4)
    graph = overlap_graph(a)
    for k, m in np.ndindex(4, 4):
        summed = a.covariance[k] + a.covariance[m]
        expected = multivariate_normal(a.loc[m], summed).logpdf(a.loc[k])
        assert graph.log_overlap[k, m] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(np.diagonal(graph.similarity), 1.0)
    np.testing.assert_allclose(graph.similarity, graph.similarity.T, atol=1e-12)
    assert (graph.similarity >= 0).all() and (graph.similarity <= 1).all()


def test_groups_are_chains_of_components():
    loc = np.array([[0.0], [3.0], [100.0], [6.0], [104.0]])
    weights = np.log([1.0, 1.0, 2.0, 1.0, 3.0])
    limits = {"lower": [-1e3], "upper": [1e3]}
    model = GaussianMixture(weights, loc, np.ones((5, 1, 1)), **limits)
    graph = overlap_graph(model)
    assert graph.groups.tolist() == [1, 1, 0, 1, 0]  # group 0 has the most weight
    np.testing.assert_allclose(graph.group_weights, [5 / 8, 3 / 8])
    assert graph.edges().tolist() == [[0, 1], [1, 3], [2, 4]]
    assert np.exp(-(3.0**2) / 4) == pytest.approx(graph.similarity[0, 1])
    assert len(overlap_graph(model, threshold=0.5).group_weights) == 5


def test_other_families_are_refused_with_the_reason(make_model):
    a = mixture(1)
    conditional = make_model(a.lower, a.upper)
    with pytest.raises(InvalidInput, match="second model: got family amortized.*for each context"):
        product(a, conditional)
    banana = BananaMixture(
        **a.tensors(),
        direction=np.tile([1.0, 0.0], (3, 1, 1)),
        curvature=np.zeros((3, 1, 2, 2)),
        lower=a.lower,
        upper=a.upper,
    )
    with pytest.raises(InvalidInput, match="model: got family banana, expected .*closed form"):
        overlap_graph(banana)


def test_what_does_not_belong_together_is_refused():
    a = mixture(1)
    with pytest.raises(InvalidInput, match="3 dimensions, expected 2"):
        product(a, mixture(1, D=3))
    with pytest.raises(InvalidInput, match=r"limits \[-8, 8\] of joint 0, expected \[-9, 9\]"):
        product(a, mixture(1, limit=8.0))
    with pytest.raises(InvalidInput, match="components: got 0"):
        product(a, a, max_components=0)
    with pytest.raises(InvalidInput, match="threshold: got 0"):
        overlap_graph(a, threshold=0.0)
