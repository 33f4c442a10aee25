# SPDX-License-Identifier: Apache-2.0
"""Derivatives of residuals by the configuration, for every transform alike."""

import torch
from torch import Tensor

FEW = 2  # residuals; a pass for each is no slower, and needs no half second to load sympy
_ROUNDING = 1e-14  # of the largest entry of J J^T, what float64 makes of it and a bit more


def residual_jacobian(residual: Tensor, q: Tensor, *, create_graph: bool = False) -> Tensor:
    """Return the derivative of residuals (B, r) by the configurations (B, nq) they come from.

    All rows come from one backward pass, unless they are few. A residual that does not depend on q
    has derivative 0.

    Args:
        residual: (B, r), row b a function of row b of q.
        q: (B, nq), requires grad.
        create_graph: whether the result will be differentiated in turn.

    Returns:
        (B, r, nq).
    """
    B, r = residual.shape
    if not residual.requires_grad:
        return q.new_zeros(B, r, q.shape[1])
    if r <= FEW:
        each = [_derivative(residual[:, i].sum(), q, create_graph) for i in range(r)]
        return torch.stack(each, 1)
    seeds = torch.eye(r, dtype=q.dtype, device=q.device)[:, None, :].expand(r, B, r)
    (rows,) = torch.autograd.grad(
        residual,
        q,
        seeds,
        create_graph=create_graph,
        retain_graph=True,
        is_grads_batched=True,
        materialize_grads=True,
    )
    return rows.movedim(0, 1)


def _derivative(total: Tensor, q: Tensor, create_graph: bool) -> Tensor:
    """Return the derivative (B, nq) of a sum by the configurations; the graph of it is kept."""
    (row,) = torch.autograd.grad(
        total, q, create_graph=create_graph, retain_graph=True, materialize_grads=True
    )
    return row


def damped_gram(J: Tensor, damping: float) -> Tensor:
    """Return J J^T + damping I, (B, r, r) float64, regular even if rows depend on each other.

    There the damping alone keeps it regular. It rises to where rounding leaves something of it:
    float32 would not see it, nor would float64 beside a lever of 1,000 km.

    Args:
        J: (B, r, nq).
        damping: in squared units of the residuals.
    """
    gram = J.double() @ J.double().mT
    rounding = _ROUNDING * gram.detach().diagonal(dim1=-2, dim2=-1).amax(-1)
    identity = torch.eye(J.shape[1], dtype=gram.dtype, device=J.device)
    return gram + (damping + rounding)[:, None, None] * identity
