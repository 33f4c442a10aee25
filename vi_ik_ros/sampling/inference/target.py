# SPDX-License-Identifier: Apache-2.0
"""What an inference algorithm asks of any target, and what it reads where there are priorities."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor


class Target(Protocol):
    """An unnormalised density p~(x | c), differentiable in x."""

    def log_density(self, q: Tensor, context: Tensor | None = None) -> Tensor:
        """Return log p~(x | c), (B,), of rows q (B, D) under context rows (B, dc)."""
        ...


@runtime_checkable
class PrioritizedTarget(Protocol):
    """A target that may have several priority levels; it has if `bound` is false."""

    bound: bool

    def log_density(
        self,
        q: Tensor,
        context: Tensor | None = None,
        *,
        priorities: Container[int] | None = None,
    ) -> Tensor:
        """Return the sum of the log densities of some levels, (B,)."""
        ...

    def filtered_log_density(self, q: Tensor, context: Tensor | None = None) -> Tensor:
        """Return a log density (B,) whose gradient is filtered by priority."""
        ...


@dataclass(frozen=True)
class TargetValues:
    """What judges and what moves a model at some rows.

    Attributes:
        log_density: (B,), log p~ of the first level: for the ELBO, weights and comparisons.
        gradient: (B, D), of log p~, filtered by priority: for moving components.
    """

    log_density: Tensor
    gradient: Tensor


def first_level(target: Target, q: Tensor, context: Tensor | None = None) -> Tensor:
    """Return log p~ (B,) of the experts of priority 0, which are all where there is one level."""
    if isinstance(target, PrioritizedTarget) and not target.bound:
        return target.log_density(q, context, priorities={0})
    return target.log_density(q, context)


def evaluate(target: Target, q: Tensor, context: Tensor | None = None) -> TargetValues:
    """Evaluate a target and its gradient at rows q (B, D); what comes out is constant."""
    at = q.detach().requires_grad_()
    with torch.enable_grad():
        if isinstance(target, PrioritizedTarget) and not target.bound:
            moving = target.filtered_log_density(at, context)
            with torch.no_grad():
                judging = first_level(target, at, context)
        else:
            moving = judging = target.log_density(at, context)
        (gradient,) = torch.autograd.grad(moving.sum(), at)
    return TargetValues(judging.detach(), gradient)
