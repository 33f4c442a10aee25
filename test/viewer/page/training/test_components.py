# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import Ellipse

from vi_ik_ros.sampling.warm_start.solver import SampleRequest
from vi_ik_ros.viewer.page.training.components import components_figure, planar_components

LIMITS = ((-3.0, 3.0), (-3.0, 3.0))


@pytest.fixture(scope="module")
def answer(sampler):
    """3,000 draws of component 4 about (1, 2), 1,000 of component 2 about 0, five of another."""
    context = sampler.model("arm").context
    made = sampler.sample("arm", SampleRequest(context=context, num_samples=4_005, seed=1))
    rng = np.random.default_rng(3)
    positions = rng.normal(0.0, 0.1, (4_005, 7))
    positions[:3_000, 1] += 1.0
    positions[:3_000, 3] += 2.0
    positions[:3_000, 3] += 3.0 * (positions[:3_000, 1] - 1.0)
    component = np.repeat([4, 2, 9], [3_000, 1_000, 5])
    return replace(made, positions=positions, component=component)


def test_components_have_the_moments_of_their_draws(answer):
    first, second = planar_components(answer, (1, 3))
    assert (first.index, second.index) == (4, 2)
    assert first.share == pytest.approx(3_000 / 4_005)
    np.testing.assert_allclose(first.mean, [1.0, 2.0], atol=0.03)
    np.testing.assert_allclose(first.covariance, [[0.01, 0.03], [0.03, 0.10]], rtol=0.15)


def test_an_ellipse_lies_along_the_draws(answer):
    figure = components_figure(planar_components(answer, (1, 3)), ("a", "b"), LIMITS)
    first, second = (one for one in figure.axes[0].patches if isinstance(one, Ellipse))
    long_side = max(first.width, first.height)
    assert long_side == pytest.approx(4.0 * np.sqrt(0.1093), rel=0.1)
    turned = first.angle if first.width == long_side else first.angle + 90.0
    assert np.tan(np.radians(turned)) == pytest.approx(3.3, rel=0.1)
    assert first.get_alpha() > second.get_alpha()


def test_no_component_is_an_empty_plane():
    figure = components_figure([], ("a", "b"), LIMITS)
    assert not figure.axes[0].patches
