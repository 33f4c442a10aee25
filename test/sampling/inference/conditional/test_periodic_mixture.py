# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch

from vi_ik_ros.sampling.inference.conditional import joint_mixture, periodic_mixture


def on_a_circle(num_rows: int = 3000) -> torch.Tensor:
    """Rows (y, angle, z): y = cos angle, with a little noise; all angles."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(-math.pi, math.pi, num_rows)
    y = np.cos(angle) + 0.05 * rng.standard_normal(num_rows)
    z = np.sin(2 * angle) + 0.05 * rng.standard_normal(num_rows)
    return torch.from_numpy(np.stack([y, angle, z], 1))


@pytest.mark.parametrize("num_components", [2, 5, 20])
def test_the_likelihood_never_falls(num_components):
    rows, likelihoods = on_a_circle(), []
    rng = np.random.default_rng(1)
    components = periodic_mixture.init(rows, num_components, (1,), rng)
    for _ in range(30):
        components, info = periodic_mixture.step(components, rows, (1,))
        likelihoods.append(info.log_likelihood)
    gains = np.diff(likelihoods)
    assert gains.min() > -1e-5  # shares below 1e-4 are not counted
    assert likelihoods[-1] > likelihoods[0] + 0.01
    assert (components.loc[:, 1].abs() <= math.pi).all()


def test_a_component_over_the_end_of_a_turn_is_found_whole():
    rng = np.random.default_rng(0)
    angle = (math.pi + 0.3 * rng.standard_normal(4000) + math.pi) % (2 * math.pi) - math.pi
    rows = torch.from_numpy(np.stack([0.1 * rng.standard_normal(4000), angle], 1))
    components = periodic_mixture.init(rows, 1, (1,), rng)
    for _ in range(3):
        components, _ = periodic_mixture.step(components, rows, (1,))
    assert abs(abs(float(components.loc[0, 1])) - math.pi) < 0.03
    std = components.scale_tril.square().sum(-1).sqrt()[0].tolist()
    assert std == pytest.approx([0.1, 0.3], rel=0.05)


def test_without_angles_it_is_plain_expectation_maximisation():
    rows = on_a_circle(800)
    components = periodic_mixture.init(rows, 4, (), np.random.default_rng(0))
    ours, info = periodic_mixture.step(components, rows, ())
    theirs, expected = joint_mixture.step(components, rows)
    assert info.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-12)
    for name, value in theirs.tensors().items():
        torch.testing.assert_close(ours.tensors()[name], value)
