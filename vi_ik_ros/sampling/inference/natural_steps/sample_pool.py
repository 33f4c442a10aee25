# SPDX-License-Identifier: Apache-2.0
"""Draws that are used again while components move slowly.

The density of the draws is taken to be the mixture of all components that drew them, each counted
by its draws (the balance heuristic). As the draws of a component itself are among them, no weight
q_k / z exceeds the ratio of all draws to its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.natural_steps.quadratic_forms import QuadraticForms
from vi_ik_ros.sampling.inference.target import TargetValues

POINTS = ("x", "log_target", "gradient", "log_mass", "birth")


@dataclass(frozen=True)
class SamplePool:
    """Points, the target's values there, and the components that drew them.

    Attributes:
        x: (N, D), oldest first.
        log_target: (N,), log p~, of the first priority level.
        gradient: (N, D), of log p~, filtered by priority.
        log_mass: (N, M), log sum_g c_g N_g(x) of the sources of each of M steps.
        birth: (N,) int, step in which a point was drawn.
        sources: what drew them; log_weights (G,) are the logs of the numbers of draws c_g.
        source_birth: (G,) int, step in which it did.
    """

    x: Tensor
    log_target: Tensor
    gradient: Tensor
    log_mass: Tensor
    birth: Tensor
    sources: GaussianComponents
    source_birth: Tensor

    @classmethod
    def empty(cls, like: GaussianComponents) -> Self:
        """Return a pool without points."""
        loc, counts = like.loc[:0], like.log_weights[:0]
        birth = torch.empty(0, dtype=torch.int64)
        sources = GaussianComponents(counts, loc, like.scale_tril[:0])
        return cls(loc, counts, loc, counts[:, None][:, :0], birth, sources, birth)

    @property
    def log_proposal(self) -> Tensor:
        """Return the log density of the draws times their number, (N,)."""
        return torch.logsumexp(self.log_mass, 1)

    def since(self, birth: int) -> Self:
        """Return the pool without what is older."""
        points, sources = self.birth >= birth, self.source_birth >= birth
        kept = {name: getattr(self, name)[points] for name in POINTS}
        kept["log_mass"] = kept["log_mass"][:, self.source_birth.unique() >= birth]
        parts = {name: value[sources] for name, value in self.sources.tensors().items()}
        components = replace(self.sources, **parts)
        return replace(self, **kept, sources=components, source_birth=self.source_birth[sources])

    def joined(
        self,
        x: Tensor,
        values: TargetValues,
        drew: GaussianComponents,
        log_own: Tensor,
        birth: int,
    ) -> Self:
        """Append the draws of one step.

        Args:
            x: (n, D).
            values: of the target there.
            drew: what they come from; its log_weights are the logs of the numbers of draws.
            log_own: log densities (N + n, K) of these components at all points, old ones first.
            birth: the step.
        """
        forms = QuadraticForms.of(self.sources, drew.loc.mean(0))
        log_old = forms.log_prob(x) + self.sources.log_weights
        masses = [
            log_old[:, self.source_birth == b].logsumexp(1) for b in self.source_birth.unique()
        ]
        masses = [torch.cat(pair) for pair in zip(self.log_mass.T, masses, strict=True)]
        masses.append(torch.logsumexp(log_own + drew.log_weights, 1))
        old, new = self.sources.tensors(), drew.tensors()
        sources = {name: torch.cat([old[name], new[name]]) for name in old}
        return replace(
            self,
            x=torch.cat([self.x, x]),
            log_target=torch.cat([self.log_target, values.log_density]),
            gradient=torch.cat([self.gradient, values.gradient]),
            log_mass=torch.stack(masses, 1),
            birth=torch.cat([self.birth, torch.full((len(x),), birth)]),
            sources=replace(self.sources, **sources),
            source_birth=torch.cat([self.source_birth, torch.full((len(drew.loc),), birth)]),
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored form: what `from_tensors` takes."""
        own = {name: getattr(self, name) for name in (*POINTS, "source_birth")}
        return own | {f"sources.{name}": value for name, value in self.sources.tensors().items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """Return the pool that `tensors` described."""
        own = {name: tensors[name] for name in (*POINTS, "source_birth")}
        parts = {n: tensors[f"sources.{n}"] for n in ("log_weights", "loc", "scale_tril")}
        return cls(**own, sources=GaussianComponents(**parts))


def effective_sizes(log_weights: Tensor) -> Tensor:
    """Return how many equal weights the columns of (N, K) are worth, (K,); 0 without rows."""
    if not len(log_weights):
        return log_weights.new_zeros(log_weights.shape[1])
    weights = (log_weights - log_weights.max(0).values).exp()
    return weights.sum(0).square() / weights.square().sum(0)
