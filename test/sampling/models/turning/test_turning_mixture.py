# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.sampling.models.amortized.fixed_mixture import FixedMixture
from vi_ik_ros.sampling.models.amortized.turning.turning_gaussians import TurningGaussians
from vi_ik_ros.sampling.models.amortized.turning.turning_mixture import TurningMixture

K, JOINTS = 3, (0, 2)


def parameters(width: float):
    rng = np.random.default_rng(3)
    loc = rng.uniform(-3, 3, (K, 3))
    log_scale = -np.log(width) + 0.2 * rng.standard_normal((K, 3))
    return np.log([0.5, 0.3, 0.2]), loc, log_scale, rng.standard_normal((K, 3))


def mixture(width: float) -> TurningMixture:
    return TurningMixture.turning(FixedMixture.of(*parameters(width)), JOINTS)


@pytest.mark.parametrize("width", [0.3, 1.5, 6.0])
def test_the_density_of_one_turn_integrates_to_one(width):
    side = (np.arange(80) + 0.5) / 80
    angle = 2 * np.pi * side
    middle, reach = 0.0, 60.0 * max(width, 1.0)
    plain = middle + reach * (side - 0.5)
    grid = np.stack(np.meshgrid(angle, plain, angle, indexing="ij"), -1).reshape(-1, 3)
    parts = np.array_split(grid, 20)
    total = sum(np.exp(mixture(width).log_prob(part)).sum() for part in parts)
    volume = (2 * np.pi / 80) ** 2 * reach / 80
    assert total * volume == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("width", [0.3, 1.5])
def test_whole_turns_do_not_matter(width):
    model, z = mixture(width), np.random.default_rng(0).uniform(-3, 3, (50, 3))
    turned = z + 2 * np.pi * np.array([1.0, 0.0, -2.0])
    np.testing.assert_allclose(model.log_prob(turned), model.log_prob(z), atol=1e-9)
    assert not np.allclose(model.log_prob(z + [0.0, 2 * np.pi, 0.0]), model.log_prob(z))


@pytest.mark.parametrize("width", [0.5, 6.0])
def test_draws_follow_the_density(width):
    """The mean of 1 / q over draws in a box is the volume of the box, turn by turn."""
    model = mixture(width)
    z, component = model.sample(40_000, np.random.default_rng(1))
    np.testing.assert_allclose(np.bincount(component) / len(z), [0.5, 0.3, 0.2], atol=0.02)
    folded = z % (2 * np.pi)
    folded[:, 1] = z[:, 1]
    for joint in JOINTS:  # against draws weighted by their density: the same circular means
        uniform = np.random.default_rng(2).uniform(0, 2 * np.pi, (40_000, 3))
        uniform[:, 1] = np.random.default_rng(4).uniform(-8 - 5 * width, 8 + 5 * width, 40_000)
        weights = np.exp(model.log_prob(uniform))
        expected = (weights * np.exp(1j * uniform[:, joint])).sum() / weights.sum()
        assert abs(np.exp(1j * folded[:, joint]).mean() - expected) < 0.06


def test_narrow_components_are_drawn_as_without_turns():
    plain = FixedMixture.of(*parameters(0.1))
    one, _ = plain.sample(100, np.random.default_rng(0))
    other, _ = TurningMixture.turning(plain, JOINTS).sample(100, np.random.default_rng(0))
    np.testing.assert_array_equal(one, other)


def test_torch_trains_what_numpy_serves():
    rows = [torch.from_numpy(p)[None] for p in parameters(0.2)]
    rows[0] = torch.log_softmax(rows[0], -1)
    periodic = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    trained, model = TurningGaussians(*rows, periodic), mixture(0.2)
    z, _ = model.sample(200, np.random.default_rng(5))
    z += 2 * np.pi * np.array([3.0, 0.0, -1.0])
    found = trained.log_prob(torch.from_numpy(z)[None])[0].numpy()
    np.testing.assert_allclose(found, model.log_prob(z), atol=1e-6)
    assert trained.rows(slice(0, 1)).detached().periodic is periodic
