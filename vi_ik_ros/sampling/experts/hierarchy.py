# SPDX-License-Identifier: Apache-2.0
"""Priorities: gradients of later objectives act in the null space of earlier ones, Eq. (22)-(25).

A filtered gradient is in general that of no function: only the value stays the sum of all log
densities, so anything but a gradient step must look at one level alone.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction, FunctionCtx

from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.jacobian import damped_gram, residual_jacobian
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState, kinematic_state
from vi_ik_ros.sampling.experts.transforms import Configuration

RANK_TOLERANCE = 1e-6  # relative; smaller singular values claim no motion
DAMPING = 1e-5  # added to the diagonal of J J^T, in squared units of the residuals


class NullSpaceFilter(torch.autograd.Function):
    """The identity on q whose gradient is multiplied by N = I - J^+ J, damped, Eq. (25)."""

    @staticmethod
    def forward(ctx: FunctionCtx, q: Tensor, J: Tensor) -> Tensor:
        """Return q (B, nq); J (B, m, nq) is a constant."""
        ctx.save_for_backward(J)
        return q.view_as(q)

    @staticmethod
    def backward(ctx: BackwardCFunction, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        """Return N g, (B, nq), for gradients g (B, nq)."""
        (J,) = ctx.saved_tensors
        return project_to_null_space(gradient, J), None


def project_to_null_space(gradient: Tensor, J: Tensor, damping: float = DAMPING) -> Tensor:
    """Return g - J^T (J J^T + damping I)^-1 J g, (B, nq).

    Args:
        gradient: g, (B, nq).
        J: (B, m, nq).
        damping: in squared units of the residuals.
    """
    wide, g = J.double(), gradient.double().unsqueeze(-1)
    weights, _ = torch.linalg.solve_ex(damped_gram(wide, damping), wide @ g)
    return (g - wide.mT @ weights).squeeze(-1).to(gradient.dtype)


def filtered_log_densities(experts: Sequence[Expert], chain: Chain, q: Tensor) -> dict[str, Tensor]:
    """Return the log densities (B,) of experts by name, their gradients filtered by priority.

    The gradient of an expert is projected on the null space of the stacked Jacobians of all
    equality experts of smaller priority number. Inequalities (joint limits) claim no motion.

    Args:
        experts: conditioned experts of any number of levels.
        chain: kinematics with the frames of all their transforms.
        q: (B, nq) configurations [rad, m].
    """
    jacobians = _jacobians(experts, chain, q)
    terms: dict[str, Tensor] = {}
    for level in sorted({expert.priority for expert in experts}):
        claimed = [J for priority, J in jacobians.items() if priority < level]
        at = NullSpaceFilter.apply(q, torch.cat(claimed, dim=1)) if claimed else q
        state = kinematic_state(chain, at)
        terms |= {e.name: e.log_density(state) for e in experts if e.priority == level}
    return {expert.name: terms[expert.name] for expert in experts}


def _jacobians(experts: Sequence[Expert], chain: Chain, q: Tensor) -> Mapping[int, Tensor]:
    """Return the stacked Jacobians (B, m, nq) of the equality experts of each level but the last.

    Constants: a filter is not differentiated.
    """
    last = max(expert.priority for expert in experts)
    residuals: dict[int, list[Tensor]] = {}
    with torch.enable_grad():
        at = q.detach().requires_grad_()
        state = kinematic_state(chain, at)
        for expert in experts:
            if expert.priority < last and expert.density.is_equality:
                residuals.setdefault(expert.priority, []).append(_residual(expert, state))
        return {
            priority: residual_jacobian(torch.cat(rows, dim=-1), at).detach()
            for priority, rows in residuals.items()
        }


def task_rank(experts: Sequence[Expert], chain: Chain, q: Tensor) -> int:
    """Return how many directions of motion the curved equality experts claim, at most (median).

    Configurations are no curved task: what holds them is flat.

    Args:
        experts: of any levels; their densities' fields may be open.
        chain: kinematics with the frames of all their transforms.
        q: (B, nq) configurations to look at [rad, m].
    """
    curved = [
        expert
        for expert in experts
        if expert.density.is_equality and not isinstance(expert.transform, Configuration)
    ]
    if not curved:
        return 0
    with torch.enable_grad():
        at = q.detach().requires_grad_()
        state = kinematic_state(chain, at)
        J = residual_jacobian(torch.cat([_residual(e, state) for e in curved], dim=-1), at)
    return int(torch.linalg.matrix_rank(J.detach(), rtol=RANK_TOLERANCE).median())


def _residual(expert: Expert, state: KinematicState) -> Tensor:
    """Return zeros (B, m) with the slope of an expert's task value."""
    task = expert.transform.task
    value = task(state)
    return task.difference(value, value.detach())
