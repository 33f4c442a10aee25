# SPDX-License-Identifier: Apache-2.0
"""Components as unconstrained parameters, which a gradient step may change freely."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.banana_components import BananaComponents
from vi_ik_ros.sampling.inference.components.gaussian_components import FLOOR, GaussianComponents

LEAST_LOG_SCALE = 0.5 * math.log(FLOOR)


def to_parameters(components: GaussianComponents) -> dict[str, Tensor]:
    """Return parameters of components by name, all with K rows.

    `logits` (K,), `loc` (K, D), `log_diagonal` (K, D) and `below` (K, D (D - 1) / 2) of L; for
    bananas `direction` (K, J, D), which are made orthonormal one after the other, and `bend`
    (K, J, D (D + 1) / 2), lower triangles of symmetric matrices that are the curvatures once they
    are projected across the directions.
    """
    num_dims = components.loc.shape[1]
    L = components.scale_tril
    rows, columns = torch.tril_indices(num_dims, num_dims, -1)
    parameters = {
        "logits": components.log_weights,
        "loc": components.loc,
        "log_diagonal": L.diagonal(dim1=-2, dim2=-1).log(),
        "below": L[:, rows, columns],
    }
    if isinstance(components, BananaComponents):
        rows, columns = torch.tril_indices(num_dims, num_dims)
        parameters["direction"] = components.direction
        parameters["bend"] = components.curvature[..., rows, columns]
    return {name: value.clone() for name, value in parameters.items()}


def to_components(parameters: Mapping[str, Tensor]) -> GaussianComponents:
    """Return the components of parameters, differentiable in them."""
    log_weights, loc = torch.log_softmax(parameters["logits"], 0), parameters["loc"]
    scale_tril = torch.diag_embed(parameters["log_diagonal"].exp())
    scale_tril = scale_tril + _lower(parameters["below"], loc.shape[1], -1)
    if "bend" not in parameters:
        return GaussianComponents(log_weights, loc, scale_tril)
    direction = _orthonormal(parameters["direction"])  # (K, J, D)
    lower = _lower(parameters["bend"], loc.shape[1], 0)  # (K, J, D, D)
    symmetric = lower + lower.mT - torch.diag_embed(lower.diagonal(dim1=-2, dim2=-1))
    across = torch.eye(loc.shape[1]).to(loc) - direction.mT @ direction  # (K, D, D)
    # Whatever the parameters, no curvature sees a direction.
    curvature = across[:, None] @ symmetric @ across[:, None]
    return BananaComponents(log_weights, loc, scale_tril, direction, curvature)


def kept_regular(parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the same components with scales above the least one and orthonormal directions."""
    regular = dict(parameters)
    regular["log_diagonal"] = regular["log_diagonal"].clamp_min(LEAST_LOG_SCALE)
    if "direction" in regular:
        # Their length has no meaning, but the longer they are the more slowly they turn.
        regular["direction"] = _orthonormal(regular["direction"])
    return regular


def _lower(entries: Tensor, num_dims: int, offset: int) -> Tensor:
    """Return lower triangular matrices (..., D, D) of entries (..., N), row-major."""
    rows, columns = torch.tril_indices(num_dims, num_dims, offset)
    flat = entries.new_zeros(*entries.shape[:-1], num_dims * num_dims)
    index = (rows * num_dims + columns).expand_as(entries)
    return flat.scatter(-1, index, entries).view(*entries.shape[:-1], num_dims, num_dims)


def _orthonormal(directions: Tensor) -> Tensor:
    """Return rows (K, J, D) made orthonormal in their order (Gram, Schmidt)."""
    done: list[Tensor] = []
    for row in directions.unbind(1):
        for other in done:
            row = row - (row * other).sum(1, keepdim=True) * other
        done.append(row / row.norm(dim=1, keepdim=True))
    return torch.stack(done, 1)
