# SPDX-License-Identifier: Apache-2.0
"""Pairs of context and configuration: free samples of the joint p(x, y)."""

import torch
from torch import Tensor

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.context_entry import ContextEntry
from vi_ik_ros.sampling.experts.densities import Normal, NormalCdf
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.experts.transforms import Configuration
from vi_ik_ros.sampling.training.configuration_prior import find_prior
from vi_ik_ros.sampling.training.postures.posture_pool import PosturePool

OVERSAMPLING = 4  # proposals for each pair where other experts weight them
LEAST_EFFECTIVE = 0.01  # effective sample size below which weighting is hopeless


class TrainingPairs:
    """Draw x from the configuration experts and y = T(x) + noise of the conditioned experts.

    Joint-limit CDFs alone give x uniform in the limits, and a normal density of all joints gives
    draws of it inside the limits. Other experts, and the bounds of uniform contexts, weight the
    pairs, which are then resampled; contexts that place obstacles are drawn by themselves before.
    Where hardly any x agrees with the other experts and these fix frames, or a context bounds whole
    poses, x is solved for them.
    """

    def __init__(self, product: ProductOfExperts, lower: Tensor, upper: Tensor) -> None:
        """Check that pairs can be drawn at all.

        Args:
            product: the target, in the dtype of the pairs to come.
            lower: lower limits of x (D,) [rad or m].
            upper: upper limits.

        Raises:
            ObjectiveError: a context fills another field than a normal density's mean.
        """
        self.product, self.lower, self.upper = product, lower, upper
        for index, entry in enumerate(product.context_entries):
            density = product.expert(entry.objective).density
            if self._is_drawn(entry):
                continue
            if not isinstance(density, Normal) or entry.field != "mean":
                field = f"context[{index}].field"
                raise ObjectiveError(field, entry.field, "the mean of a normal density")
        asked = [entry for entry in product.context_entries if not self._is_drawn(entry)]
        given = {entry.objective for entry in asked}
        self._prior = find_prior(product, given, lower, upper)
        drawn = {self._prior.name} if self._prior else set()
        self._weighting = {
            expert.name
            for expert in product.experts
            if expert.name not in given | drawn
            and not (
                isinstance(expert.transform, Configuration)
                and isinstance(expert.density, NormalCdf)
            )
        }
        self._pool: PosturePool | None = None
        uniform = [e for e in product.context_entries if e.distribution.type == "uniform"]
        self._bounded = any(not entry.distribution.is_box for entry in uniform)
        self._weighted = bool(self._weighting or uniform)

    def draw(
        self, num_pairs: int, generator: torch.Generator, *, held_out: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Return contexts (n, dc) in wire form and configurations x (n, D) [rad or m].

        Args:
            num_pairs: n.
            generator: source of randomness.
            held_out: draw pairs for a score, of configurations that no other call returns.

        Raises:
            ObjectiveError: fewer than 1 % of the proposals agree with the other experts.
        """
        if self._pool is not None:
            x = self._pool.draw(num_pairs, generator, held_out=held_out)
            return self._contexts(x, generator), x
        if not self._weighted:
            return self._propose(num_pairs, generator)
        contexts, x = self._propose(num_pairs * OVERSAMPLING, generator)
        log_weights = self._log_weights(contexts, x)
        weights = torch.softmax(log_weights, dim=0)
        effective = float(1 / weights.square().sum() / len(weights))
        if not effective >= LEAST_EFFECTIVE:
            self._pool = None if self._bounded else PosturePool.of(self.product, x)
            if self._pool is not None:
                return self.draw(num_pairs, generator, held_out=held_out)
            names = ", ".join(sorted(self._weighting)) or "context"
            expected = f"at least {LEAST_EFFECTIVE:.0%} of the configurations to agree with them"
            raise ObjectiveError(f"objectives {names}", f"{effective:.2%}", expected)
        weights = weights.to(generator.device)
        chosen = torch.multinomial(weights, num_pairs, replacement=True, generator=generator)
        chosen = chosen.to(x.device)
        return contexts[chosen], x[chosen]

    def _propose(self, num_pairs: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        draw = self._prior.draw if self._prior else self._uniform
        x = draw(num_pairs, generator)
        return self._contexts(x, generator), x

    def _contexts(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return what the contexts (n, dc) would have asked for, had x (n, D) been the answers."""
        with torch.no_grad():
            state = self.product.state(x)
            columns = [
                self._drawn_value(entry, x, generator)
                if self._is_drawn(entry)
                else self._noisy_value(entry, state, generator)
                for entry in self.product.context_entries
            ]
        return torch.cat([x.new_zeros(len(x), 0), *columns], dim=-1)

    def _uniform(self, num_rows: int, generator: torch.Generator) -> Tensor:
        uniform = torch.rand(num_rows, len(self.lower), generator=generator, dtype=torch.float64)
        # Strictly inside: a chart of the limits is infinite at the limits themselves.
        fraction = uniform.clamp(1e-7, 1 - 1e-7).to(self.lower)
        return self.lower + (self.upper - self.lower) * fraction

    def _is_drawn(self, entry: ContextEntry) -> bool:
        """Tell whether no configuration has a value of an entry: an obstacle's place."""
        return entry.field in self.product.expert(entry.objective).transform.conditionable

    def _drawn_value(self, entry: ContextEntry, x: Tensor, generator: torch.Generator) -> Tensor:
        """Draw values (n, size) of an entry between its bounds, for as many rows as x has."""
        lower, upper = (x.new_tensor(getattr(entry.distribution, b)) for b in ("lower", "upper"))
        share = torch.rand(len(x), entry.size, generator=generator, dtype=torch.float64)
        return lower + (upper - lower) * share.to(x)

    def _noisy_value(
        self, entry: ContextEntry, state: KinematicState, generator: torch.Generator
    ) -> Tensor:
        """Return what the context would have asked for, had this configuration been the answer."""
        expert = self.product.expert(entry.objective)
        transform, density = expert.transform, expert.density
        value = transform(state)
        noise = torch.randn(len(value), transform.residual_size, generator=generator).to(value)
        assert isinstance(density, Normal)  # checked when the pairs were made
        return transform.to_wire(transform.retract(value, density.colour(noise)))

    def _log_weights(self, contexts: Tensor, x: Tensor) -> Tensor:
        with torch.no_grad():
            terms = self.product.expert_log_densities(x, contexts, priorities=(0,))
        total = x.new_zeros(len(x))
        for name in self._weighting & terms.keys():
            total = total + terms[name]
        start = 0
        for entry in self.product.context_entries:
            lower = contexts.new_tensor(entry.distribution.lower)
            upper = contexts.new_tensor(entry.distribution.upper)
            rows = contexts[:, start : start + entry.size]
            if entry.distribution.is_box:
                transform = self.product.expert(entry.objective).transform
                rows = transform.difference(transform.from_wire(rows), torch.eye(4).to(rows))
            rows = rows[:, : len(lower)]
            outside = ((rows < lower) | (rows > upper)).any(-1)
            total = total.masked_fill(outside, -torch.inf)
            start += entry.size
        return total
