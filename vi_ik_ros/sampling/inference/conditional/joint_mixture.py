# SPDX-License-Identifier: Apache-2.0
"""Maximum likelihood of linear experts by EM: a Gaussian mixture of (y, x), conditioned on y.

A Gaussian mixture of the joint is a mixture of experts whose gates are the responsibilities of its
marginal mixture for y, and whose experts are linear: conditioning a component's weighted moments on
y is the weighted linear regression of x on y, so the M-step is that of the experts as well (Xu,
Jordan, Hinton 1995).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents, cholesky
from vi_ik_ros.sampling.inference.components.responsibilities import Responsibilities, expectation


@dataclass(frozen=True)
class JointInfo:
    """Figures of one update, before it: mean log density of the rows (y, x)."""

    log_likelihood: float


@dataclass(frozen=True)
class ConditionedMixture:
    """Gates and experts of a joint mixture.

    Attributes:
        gate: mixture of y.
        matrix: (K, D, f), A_k.
        offset: (K, D), b_k.
        scale_tril: (K, D, D), Cholesky factors of Sigma_k.
    """

    gate: GaussianComponents
    matrix: Tensor
    offset: Tensor
    scale_tril: Tensor


def init(rows: Tensor, num_components: int, generator: torch.Generator) -> GaussianComponents:
    """Give each component the rows that are nearest to a random one of them.

    Args:
        rows: (N, f + D) float64, y and x side by side; many more than components.
        num_components: K.
        generator: source of randomness.
    """
    scaled = rows / rows.std(0).clamp_min(1e-9)
    chosen = torch.randperm(len(rows), generator=generator)[:num_components]
    parts = [torch.cdist(part, scaled[chosen]).argmin(1) for part in scaled.split(20_000)]
    owners = torch.cat(parts)
    order = owners.argsort(stable=True)
    bounds = (0, *torch.bincount(owners, minlength=num_components).cumsum(0).tolist())
    alone = Responsibilities(order, torch.ones_like(rows[:, 0]), bounds)
    wide = torch.diag(rows.std(0)).expand(num_components, -1, -1)
    start = GaussianComponents(rows.new_zeros(num_components), rows[chosen], wide)
    return start.maximise(rows, torch.ones_like(rows[:, 0]), alone)


def step(components: GaussianComponents, rows: Tensor) -> tuple[GaussianComponents, JointInfo]:
    """Do one update of expectation maximisation; the likelihood does not fall."""
    log_model, responsibilities = expectation(components, rows)
    new = components.maximise(rows, torch.ones_like(log_model), responsibilities)
    return new, JointInfo(float(log_model.mean()))


def condition(components: GaussianComponents, num_features: int) -> ConditionedMixture:
    """Return p(x | y) of a mixture of rows (y, x) as gates and linear experts.

    Args:
        components: of rows (y, x).
        num_features: f, length of y.
    """
    covariance = components.scale_tril @ components.scale_tril.mT
    y, x = slice(0, num_features), slice(num_features, None)
    gate_scale = cholesky(covariance[:, y, y])
    matrix = torch.cholesky_solve(covariance[:, y, x], gate_scale).mT  # (K, D, f)
    remaining = covariance[:, x, x] - matrix @ covariance[:, y, x]
    offset = components.loc[:, x] - (matrix @ components.loc[:, y, None])[..., 0]
    gate = GaussianComponents(components.log_weights, components.loc[:, y], gate_scale)
    return ConditionedMixture(gate, matrix, offset, cholesky(remaining))
