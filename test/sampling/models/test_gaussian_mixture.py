# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vi_ik_ros.exceptions import InvalidInput, ModelRefused
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture

LOWER, UPPER = np.array([-2.0, -3.0]), np.array([2.5, 3.0])
NO_CONTEXT = np.empty((1, 0))


def rngs(n: int) -> list[np.random.Generator]:
    return [np.random.default_rng([5, i]) for i in range(n)]


def tensors() -> dict[str, np.ndarray]:
    return {
        "log_weights": np.log([3.0, 1.0]),
        "loc": np.array([[0.0, 0.5], [1.0, -1.0]]),
        "scale_tril": np.array([[[0.4, 0.0], [0.3, 0.2]], [[0.2, 0.0], [-0.1, 0.5]]]),
    }


def make(**changes: np.ndarray) -> GaussianMixture:
    return GaussianMixture(**(tensors() | changes), lower=LOWER, upper=UPPER)


def test_log_prob_is_that_of_weighted_normals():
    x = np.random.default_rng(0).normal(size=(1, 700, 2))
    L = tensors()["scale_tril"]
    parts = [
        weight * multivariate_normal(loc, cov).pdf(x[0])
        for weight, loc, cov in zip([0.75, 0.25], tensors()["loc"], L @ L.mT, strict=True)
    ]
    np.testing.assert_allclose(make().log_prob(x, NO_CONTEXT)[0], np.log(sum(parts)), rtol=1e-10)


def test_samples_have_the_moments_of_their_components():
    samples = make().sample(NO_CONTEXT, 40_000, rngs(1))
    assert samples.redrawn < 10  # the limits are far away
    assert samples.component.dtype == np.uint32
    assert np.mean(samples.component) == pytest.approx(0.25, abs=0.01)
    for k in range(2):
        rows = samples.q[samples.component == k]
        np.testing.assert_allclose(rows.mean(0), tensors()["loc"][k], atol=0.02)
        np.testing.assert_allclose(np.cov(rows.T), make().covariance[k], atol=0.02)


def test_draws_outside_the_limits_are_redrawn_and_counted():
    model = make(
        loc=np.array([[-2.0, 0.0], [2.5, 0.0]]), scale_tril=np.tile(0.2 * np.eye(2), (2, 1, 1))
    )
    samples = model.sample(NO_CONTEXT, 2_000, rngs(1))
    assert ((samples.q >= LOWER) & (samples.q <= UPPER)).all()
    assert samples.redrawn == pytest.approx(2_000, rel=0.15)  # half of each component lies outside
    np.testing.assert_array_equal(samples.log_prob, model.log_prob(samples.q, NO_CONTEXT))
    outside = model.log_prob(np.array([[[-2.1, 0.0]]]), NO_CONTEXT)
    assert np.isfinite(outside).all()  # the mixture itself is not truncated


def test_a_mixture_outside_the_limits_is_refused_in_the_end():
    with pytest.raises(ModelRefused, match="0 of .* inside.*joint limits"):
        make(loc=np.full((2, 2), 50.0)).sample(NO_CONTEXT, 3, rngs(1))


def test_far_rows_have_a_finite_log_prob():
    far = np.array([[[1e200, 0.0], [-1e308, 1e308]]])
    assert np.isfinite(make().log_prob(far, NO_CONTEXT)).all()


def test_each_row_of_a_batch_has_its_own_stream():
    model, contexts = make(), np.empty((3, 0))
    together = model.sample(contexts, 20, rngs(3))
    for i in range(3):
        alone = model.sample(NO_CONTEXT, 20, rngs(3)[i : i + 1])
        np.testing.assert_array_equal(together.q[i], alone.q[0])
        np.testing.assert_array_equal(together.log_prob[i], alone.log_prob[0])


def test_options_and_tensors_give_the_model_back():
    model = make()
    again = GaussianMixture.from_tensors(json.loads(json.dumps(model.options())), model.tensors())
    a, b = (m.sample(NO_CONTEXT, 50, rngs(1)) for m in (model, again))
    np.testing.assert_array_equal(a.q, b.q)
    np.testing.assert_allclose(a.log_prob, b.log_prob, rtol=1e-12)


SCALE = tensors()["scale_tril"]
WRONG = {
    "loc: got shape": {"loc": np.zeros((2, 3))},
    "scale_tril: got shape": {"scale_tril": np.eye(2)},
    "log_weights: got shape": {"log_weights": np.zeros((2, 1))},
    r"loc: got nan at \[0, 0\]": {"loc": np.full((2, 2), np.nan)},
    r"scale_tril\[1, 0, 0\]: got .*singular": {"scale_tril": SCALE * [[[1]], [[0]]]},
    r"scale_tril\[0, 0, 1\]: got .*0 above": {"scale_tril": SCALE + [[0, 0.1], [0, 0]]},
    "log_weights: .*at least one": {
        "log_weights": np.zeros(0),
        "loc": np.zeros((0, 2)),
        "scale_tril": np.zeros((0, 2, 2)),
    },
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_tensors_are_refused_by_name(message):
    with pytest.raises(InvalidInput, match=f"tensor {message}"):
        GaussianMixture.from_tensors(make().options(), tensors() | WRONG[message])


def test_a_missing_tensor_is_named():
    with pytest.raises(InvalidInput, match="tensor loc: got 'nothing'|tensor loc: got nothing"):
        GaussianMixture.from_tensors(
            make().options(), {k: v for k, v in tensors().items() if k != "loc"}
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lower": [0, 0]}, "options.upper: got nothing"),
        ({"lower": [0, 2], "upper": [1, 2]}, r"options.lower\[1\]"),
        ({"lower": [0], "upper": [1, 2]}, "options.lower, options.upper"),
        ({"lower": "low", "upper": [1, 2]}, "options"),
    ],
)
def test_wrong_limits_are_refused(options, message):
    with pytest.raises(InvalidInput, match=message):
        GaussianMixture.from_tensors(options, tensors())
