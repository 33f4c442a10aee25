# SPDX-License-Identifier: Apache-2.0
"""Levenberg-Marquardt on the deviations of experts, of many configurations at once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.jacobian import residual_jacobian
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.experts.transforms import Distance

LONGEST = 1.0  # [rad, m], what a step may change a joint by
DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-2, 1e-15, 1e3  # of the largest diagonal entry of J^T J
NEAREST = 12  # of many distances, how many of each configuration are looked at: others are met
LOWER, RAISE = 0.2, 5.0  # of the damping, after a step that was taken or not


def climb(
    product: ProductOfExperts,
    experts: Sequence[Expert],
    q: Tensor,
    *,
    within_limits: bool,
    steps: int,
) -> Tensor:
    """Move configurations to where experts are nearer to their peaks; none gets worse.

    Args:
        product: kinematics of the experts, in float64.
        experts: some of the product's.
        q: (N, D) configurations [rad, m].
        within_limits: whether they stay between the robot's limits.
        steps: Levenberg-Marquardt steps.

    Returns:
        (N, D).
    """
    damping = torch.full((len(q), 1, 1), DAMPING, dtype=q.dtype)
    identity = torch.eye(q.shape[1], dtype=q.dtype)
    residual, J = linearised(product, experts, q)
    for _ in range(steps):
        scale = J.square().sum(-2).amax(-1)[:, None, None].clamp_min(torch.finfo(q.dtype).tiny)
        A, b = J.mT @ J / scale, J.mT @ residual[..., None] / scale
        step = torch.linalg.solve_ex(A + damping * identity, b)[0][..., 0]
        length = step.abs().amax(-1, keepdim=True).clamp_min(LONGEST)
        moved = q - step * (LONGEST / length)
        if within_limits:
            moved = moved.clamp(product.chain.lower, product.chain.upper)
        new_residual, new_J = linearised(product, experts, moved)
        better = new_residual.square().sum(-1) < residual.square().sum(-1)  # not so a NaN
        q = torch.where(better[:, None], moved, q)
        residual = torch.where(better[:, None], new_residual, residual)
        J = torch.where(better[:, None, None], new_J, J)
        damping = damping * torch.where(better, LOWER, RAISE)[:, None, None]
        damping = damping.clamp(LEAST_DAMPING, MOST_DAMPING)
    return q


def linearised(
    product: ProductOfExperts, experts: Sequence[Expert], q: Tensor
) -> tuple[Tensor, Tensor]:
    """Return deviations (N, r) of all experts and their derivatives (N, r, D)."""
    with torch.enable_grad():
        at = q.detach().requires_grad_()
        state = product.state(at)
        rows = [expert.density.deviations(expert.transform(state)) for expert in experts]
        # One expert at a time: none pays for what only another one reads.
        pairs = zip(experts, rows, strict=True)
        J = torch.cat([_derivatives(expert, row, at) for expert, row in pairs], dim=-2)
    return torch.cat(rows, dim=-1).detach(), J.detach().nan_to_num(0.0)


def _derivatives(expert: Expert, deviations: Tensor, q: Tensor) -> Tensor:
    """Return the derivatives (N, r, D) of deviations (N, r), 0 for distances that are far."""
    if not isinstance(expert.transform, Distance) or deviations.shape[1] <= NEAREST:
        return residual_jacobian(deviations, q)
    largest = deviations.detach().topk(NEAREST, dim=1).indices
    J = residual_jacobian(deviations.gather(1, largest), q)
    index = largest[:, :, None].expand_as(J)
    return J.new_zeros(*deviations.shape, q.shape[1]).scatter(1, index, J)
