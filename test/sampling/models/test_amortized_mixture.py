# SPDX-License-Identifier: Apache-2.0
import json
import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture
from vi_ik_ros.sampling.models.context_features import AxisSymmetry

LOWER, UPPER = np.array([-1.0, 0.2]), np.array([2.0, 1.5])
POSE = np.array([[0.3, -0.2, 0.5, 0.5, 0.5, -0.5, 0.5], [0.1, 0.4, 0.2, 0.0, 0.6, 0.0, 0.8]])


def rngs(n: int) -> list[np.random.Generator]:
    return [np.random.default_rng([7, i]) for i in range(n)]


@pytest.fixture
def model(make_model) -> AmortizedMixture:
    return make_model(LOWER, UPPER)


def cells(model: AmortizedMixture, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Middles (1, n^2, 2) and areas (n, n) of cells that are fine where the chart is steep."""
    limits = model._limits
    z = torch.linspace(0, 1, 2 * n + 1).double()[:, None]
    span = limits.upper - limits.lower + 5.4
    x = limits.to_limited(limits.lower - 2.7 + span * z).numpy()
    middles, widths = x[1::2], np.diff(x[::2], axis=0)
    grid = np.stack(np.meshgrid(*middles.T, indexing="ij"), -1)
    return grid.reshape(1, -1, 2), widths[:, :1] * widths[:, 1]


def test_density_integrates_to_one(model):
    grid, areas = cells(model, 400)
    mass = np.exp(model.log_prob(np.repeat(grid, 2, 0), POSE)) @ areas.ravel()
    np.testing.assert_allclose(mass, 1.0, atol=2e-3)


def test_samples_follow_the_density(model):
    q = model.sample(POSE[:1], 20_000, rngs(1)).q[0]
    assert (q >= LOWER).all() and (q <= UPPER).all()
    grid, areas = cells(model, 400)
    mass = np.exp(model.log_prob(grid, POSE[:1])).ravel() * areas.ravel()
    edges = [np.linspace(lo, hi, 5) for lo, hi in zip(LOWER, UPPER, strict=True)]
    expected = np.histogram2d(*grid[0].T, bins=edges, weights=mass)[0]
    counts = np.histogram2d(*q.T, bins=edges)[0] / len(q)
    # A cell of 20,000 draws has a standard error of 0.0035 at most; cells cut by an edge add some.
    np.testing.assert_allclose(counts, expected, atol=0.02)


def test_log_prob_of_samples_is_the_log_prob_of_their_rows(model):
    samples = model.sample(POSE, 50, rngs(2))
    np.testing.assert_allclose(samples.log_prob, model.log_prob(samples.q, POSE), atol=1e-9)


def test_log_prob_is_minus_infinity_outside_the_limits(model):
    outside = np.array([[[2.1, 0.5]], [[0.0, 0.1]]])
    assert np.isneginf(model.log_prob(outside, POSE)).all()


def test_a_batch_equals_single_calls(model):
    together = model.sample(POSE, 30, rngs(2))
    for i in range(2):
        alone = model.sample(POSE[i : i + 1], 30, rngs(2)[i : i + 1])
        np.testing.assert_allclose(together.q[i], alone.q[0], atol=1e-6)
        np.testing.assert_array_equal(together.component[i], alone.component[0])


def test_both_signs_of_a_quaternion_give_identical_bits(model):
    other = POSE * np.array([1, 1, 1, -1, -1, -1, -1])
    a, b = model.sample(POSE, 40, rngs(2)), model.sample(other, 40, rngs(2))
    assert (a.q == b.q).all() and (a.log_prob == b.log_prob).all()


def test_tensors_and_options_give_the_model_back(model):
    options = json.loads(json.dumps(model.options()))
    again = AmortizedMixture.from_tensors(options, model.tensors())
    np.testing.assert_array_equal(
        again.sample(POSE, 10, rngs(2)).q, model.sample(POSE, 10, rngs(2)).q
    )


@pytest.mark.parametrize("change", ["missing", "shape"])
def test_wrong_tensors_are_refused_by_name(model, change):
    tensors = model.tensors()
    name = "trunk.entry.bias"
    removed = tensors.pop(name)
    if change == "shape":
        tensors[name] = removed[:-1]
    with pytest.raises(InvalidInput, match=f"tensor {name}: got .* expected shape"):
        AmortizedMixture.from_tensors(model.options(), tensors)


def test_foreign_options_are_refused():
    with pytest.raises(InvalidInput, match="options: .*num_components"):
        AmortizedMixture.from_tensors({"layers": 3}, {})


def test_a_turned_target_turns_the_first_joint(make_model):
    limits = np.full(3, 2.5)
    symmetry = AxisSymmetry(first=0, last=2)
    model = make_model(-limits, limits, symmetry=symmetry)
    mixture = model.network
    half = 0.35
    turn = np.array([0.0, 0.0, math.sin(half / 2), math.cos(half / 2)])
    turned = np.concatenate([rotate_z(POSE[0, :3], half), multiply(turn, POSE[0, 3:])])
    with_offsets = mixture.features(torch_rows(np.stack([POSE[0], turned])))[1].numpy()
    assert with_offsets[1, 0] - with_offsets[0, 0] == pytest.approx(half, abs=1e-5)
    assert with_offsets[1, 2] == pytest.approx(with_offsets[0, 2], abs=1e-5)
    features = mixture.features(torch_rows(np.stack([POSE[0], turned])))[0].numpy()
    np.testing.assert_allclose(features[0, :9], features[1, :9], atol=1e-6)


def torch_rows(rows):
    return torch.tensor(rows, dtype=torch.float32)


def rotate_z(p, angle):
    c, s = math.cos(angle), math.sin(angle)
    return np.array([c * p[0] - s * p[1], s * p[0] + c * p[1], p[2]])


def multiply(a, b):
    return (Rotation.from_quat(a) * Rotation.from_quat(b)).as_quat()
