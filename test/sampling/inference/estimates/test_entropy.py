# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vi_ik_ros.sampling.inference.estimates.entropy import entropy
from vi_ik_ros.sampling.models.component_mixture import ComponentMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture

LIMITS = {"lower": np.array([-0.5, -0.5]), "upper": np.array([0.5, 0.5])}  # they cut off half
SCALE = np.array([[0.5, 0.0], [0.3, 0.4]])
LOC = np.array([[0.0, 0.5], [0.6, -1.0], [0.2, 0.0]])


class Bent(ComponentMixture):
    """Sheared along x0 by the square of x1."""

    def _bend(self, z, component):
        return np.stack([z[:, 0] + 0.8 * z[:, 1] ** 2, z[:, 1]], 1)

    def _straighten(self, d):
        return np.stack([d[..., 0] - 0.8 * d[..., 1] ** 2, d[..., 1]], -1)


def gaussians(count: int) -> GaussianMixture:
    return GaussianMixture(np.zeros(count), LOC[:count], np.tile(SCALE, (count, 1, 1)), **LIMITS)


def test_one_gaussian_is_exact():
    found = entropy(gaussians(1), 2, np.random.default_rng(0))
    expected = multivariate_normal(LOC[0], SCALE @ SCALE.T).entropy()
    assert found.value == pytest.approx(expected, abs=1e-12) and found.stderr == 0.0


def test_a_bend_of_unit_jacobian_changes_nothing():
    bent = Bent(np.zeros(1), LOC[:1], SCALE[None], **LIMITS)
    exact = entropy(bent, 2, np.random.default_rng(0)).value
    assert exact == entropy(gaussians(1), 2, np.random.default_rng(0)).value
    x, _ = bent.draw(20_000, np.random.default_rng(1))
    assert np.mean(-bent.log_prob(x[None], np.empty((1, 0)))) == pytest.approx(exact, abs=0.03)


def test_a_mixture_agrees_with_a_grid_within_its_error():
    mixture = gaussians(3)
    axis = np.linspace(-4.0, 4.0, 401)
    x = np.stack(np.meshgrid(axis, axis), -1).reshape(1, -1, 2)
    log_q = mixture.log_prob(x, np.empty((1, 0)))[0]
    expected = -(np.exp(log_q) * log_q).sum() * (axis[1] - axis[0]) ** 2
    found = entropy(mixture, 20_000, np.random.default_rng(1))
    assert abs(found.value - expected) < 4.0 * found.stderr
    assert 0.004 < found.stderr < 0.01  # the standard deviation of -log q is about 1
