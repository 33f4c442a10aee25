# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.sampling.inference.conditional import joint_mixture, unweighted_mixture


def uneven(seed: int = 0) -> torch.Tensor:
    """Two clusters that touch, one with nine tenths of the rows."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((1000, 2))
    rows[:100] += 2.0
    return torch.from_numpy(rows)


def test_it_lowers_the_likelihood_that_exact_updates_have_reached():
    rows = uneven()
    components = unweighted_mixture.init(rows, 2, np.random.default_rng(0))
    for _ in range(150):
        components, reached = joint_mixture.step(components, rows)
    for _ in range(20):
        components, info = unweighted_mixture.step(components, rows)
    assert info.log_likelihood < reached.log_likelihood - 1e-3


def test_weights_have_no_part_in_the_shares():
    rows = uneven()
    components = unweighted_mixture.init(rows, 2, np.random.default_rng(0))
    skewed = type(components)(
        torch.tensor([0.99, 0.01]).double().log(), components.loc, components.scale_tril
    )
    a, b = (unweighted_mixture.step(c, rows)[0] for c in (components, skewed))
    for name, value in a.tensors().items():
        torch.testing.assert_close(b.tensors()[name], value)


def test_it_starts_as_the_source_does_and_settles():
    rows = uneven()
    components = unweighted_mixture.init(rows, 3, np.random.default_rng(0))
    assert components.log_weights.exp().tolist() == pytest.approx([1 / 3] * 3)
    assert (components.scale_tril == torch.eye(2).double()).all()
    settled = []
    for _ in range(400):
        before = components
        components, _ = unweighted_mixture.step(before, rows)
        settled.append(unweighted_mixture.has_settled(before, components))
    assert not settled[0] and settled[-1]
    assert unweighted_mixture.has_settled(components, components)
