# SPDX-License-Identifier: Apache-2.0
"""Derivatives of residuals by the configuration, for every transform alike."""

import torch
from torch import Tensor


def residual_jacobian(residual: Tensor, q: Tensor, *, create_graph: bool = False) -> Tensor:
    """Return the derivative of residuals (B, r) by the configurations (B, nq) they come from.

    All rows come from one backward pass. A residual that does not depend on q has derivative 0.

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
