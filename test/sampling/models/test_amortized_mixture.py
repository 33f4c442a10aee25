# SPDX-License-Identifier: Apache-2.0
import json
import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry, ContextFeatures
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture

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
    z = np.linspace(0, 1, 2 * n + 1)[:, None]
    span = limits.upper - limits.lower + 5.4
    x = limits.to_limited(limits.lower - 2.7 + span * z)
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


def test_configurations_alone_are_those_of_the_samples(model):
    q = model.sample(POSE, 50, rngs(2)).q
    np.testing.assert_array_equal(model.sample_configurations(POSE, 50, rngs(2)), q)


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
        np.testing.assert_array_equal(together.q[i], alone.q[0])
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


def test_a_turned_target_turns_the_first_joint_and_nothing_else():
    features = ContextFeatures((("pose", 7),), 3, AxisSymmetry(first=0, last=2), 1.0)
    angle = 0.35
    turn = np.array([0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2)])
    turned = np.concatenate([rotate_z(POSE[0, :3], angle), multiply(turn, POSE[0, 3:])])
    (before, after), offsets = features(np.stack([POSE[0], turned]))
    change = np.angle(np.exp(1j * (offsets[1] - offsets[0])))
    np.testing.assert_allclose(change, [angle, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(before[:9], after[:9], atol=1e-12)  # then cos, sin of the angles


def test_a_target_turned_about_its_own_axis_turns_the_last_joint_and_nothing_else():
    features = ContextFeatures((("pose", 7),), 3, AxisSymmetry(first=0, last=2), 1.0)
    angle = -0.8
    turn = np.array([0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2)])
    turned = np.concatenate([POSE[0, :3], multiply(POSE[0, 3:], turn)])
    (before, after), offsets = features(np.stack([POSE[0], turned]))
    change = np.angle(np.exp(1j * (offsets[1] - offsets[0])))
    np.testing.assert_allclose(change, [0.0, 0.0, angle], atol=1e-12)
    np.testing.assert_allclose(before[:9], after[:9], atol=1e-12)


@pytest.mark.parametrize("symmetry", [AxisSymmetry(), AxisSymmetry(first=0, last=1)])
def test_numpy_serves_the_network_that_torch_trains(symmetry):
    torch.manual_seed(3)
    options = AmortizedOptions(
        (("pose", 7), ("vector", 2)), tuple(LOWER), tuple(UPPER), symmetry, 1.0, 5, 24, 2, 6
    )
    network = AmortizedNetwork(options)
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_((weights + 0.1 * torch.randn_like(weights)).half())
    rng = np.random.default_rng(0)
    contexts = np.concatenate([np.repeat(POSE, 5, 0), rng.normal(size=(10, 2))], axis=1)
    q = rng.uniform(LOWER, UPPER, (10, 1, 2))
    with torch.no_grad():
        x = torch.tensor(q, dtype=torch.float32)
        expected = network(torch.tensor(contexts)).log_prob(network.limits.to_unlimited(x))
        expected = expected + network.limits.log_derivative(x)
    served = AmortizedMixture(options, network.tensors()).log_prob(q, contexts)
    np.testing.assert_allclose(served, expected.numpy(), rtol=1e-3, atol=1e-3)


def rotate_z(p, angle):
    c, s = math.cos(angle), math.sin(angle)
    return np.array([c * p[0] - s * p[1], s * p[0] + c * p[1], p[2]])


def multiply(a, b):
    return (Rotation.from_quat(a) * Rotation.from_quat(b)).as_quat()
