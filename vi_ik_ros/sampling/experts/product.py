# SPDX-License-Identifier: Apache-2.0
"""The target: a product of experts on the configurations of one robot, Eq. (2)."""

from collections.abc import Container, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.exceptions import ContextError, ObjectiveError
from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.context_entry import ContextEntry
from vi_ik_ros.sampling.experts.densities import UniGauss
from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.hierarchy import filtered_log_densities, task_rank
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState, kinematic_state


class ProductOfExperts:
    """Sum of the log densities of experts, with the forward kinematics done once.

    Attributes:
        experts: the factors, in the order of the file.
        context_entries: which columns of a context row fill which field, in this order.
        chain: kinematics of every frame that a transform reads.
        context_size: dc, length of a context row.
        num_dims: D, length of a configuration.
        priorities: the priority levels, ascending.
        bound: whether the value is the density that is fitted; false with several priorities.
    """

    def __init__(
        self,
        robot: RobotModel,
        experts: Sequence[Expert],
        context_entries: Sequence[ContextEntry] = (),
        *,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ) -> None:
        """Gather the frames of all transforms in one chain.

        Args:
            robot: whose configurations are judged.
            experts: factors with different names.
            context_entries: what a context row fills, column after column.
            dtype: dtype of the configurations to come.
            device: their device.
        """
        frames = dict.fromkeys(f for expert in experts for f in expert.transform.frames)
        self._robot = robot
        self.chain = Chain(robot, tuple(frames), dtype=dtype, device=device)
        self.experts = tuple(expert.to(dtype, device) for expert in experts)
        self.context_entries = tuple(context_entries)
        self.context_size = sum(entry.size for entry in self.context_entries)
        self.num_dims = len(robot.lower)
        self.priorities = tuple(sorted({expert.priority for expert in experts}))
        self.bound = len(self.priorities) <= 1

    def log_density(
        self,
        q: Tensor,
        context: Tensor | None = None,
        *,
        priorities: Container[int] | None = None,
    ) -> Tensor:
        """Return the unnormalised log density of configurations, (B,).

        Args:
            q: (B, nq) configurations [rad, m].
            context: (B, dc) or (1, dc) rows in wire form; None without context entries.
            priorities: sum the experts of these levels only.
        """
        terms = self.expert_log_densities(q, context, priorities=priorities)
        return _sum(terms, q)

    def expert_log_densities(
        self,
        q: Tensor,
        context: Tensor | None = None,
        *,
        priorities: Container[int] | None = None,
    ) -> dict[str, Tensor]:
        """Return the summands of `log_density` by the expert's name, each (B,)."""
        state = self.state(q)
        return {
            expert.name: expert.log_density(state)
            for expert in self.conditioned(context)
            if priorities is None or expert.priority in priorities
        }

    def filtered_log_density(self, q: Tensor, context: Tensor | None = None) -> Tensor:
        """Return `log_density` with gradients that are filtered by priority, (B,).

        The value is the unfiltered sum. With one level this is `log_density`.

        Args:
            q: (B, nq) configurations [rad, m].
            context: (B, dc) or (1, dc) rows in wire form; None without context entries.
        """
        if self.bound:
            return self.log_density(q, context)
        terms = filtered_log_densities(self.conditioned(context), self.chain, q)
        return _sum(terms, q)

    def task_rank(self, q: Tensor) -> int:
        """Return how many directions of motion the tasks claim at configurations (B, nq)."""
        return task_rank(self.experts, self.chain, q)

    def annealed(self, progress: float) -> Self:
        """Return the product at a stage of a fit, 0 to 1; see `Density.annealed`."""
        return self._with_experts(
            replace(expert, density=expert.density.annealed(progress)) for expert in self.experts
        )

    def combination(self, pursued: Mapping[str, bool]) -> Self:
        """Return the product in which some uni-Gauss objectives are decided.

        The products of all 2^n decisions add up to this one, so differences of their log integrals
        (ELBOs) are the relative masses of the combinations of tasks.

        Args:
            pursued: name of a uni-Gauss objective to whether it is pursued or given up.

        Raises:
            ObjectiveError: A name is not that of a uni-Gauss objective.
        """
        optional = {e.name: e.density for e in self.experts if isinstance(e.density, UniGauss)}
        for name in pursued:
            if name not in optional:
                valid = ", ".join(optional) or "there is none"
                raise ObjectiveError("pursued", name, f"a uni_gauss objective ({valid})")
        return self._with_experts(
            replace(expert, density=replace(optional[expert.name], pursued=pursued[expert.name]))
            if expert.name in pursued
            else expert
            for expert in self.experts
        )

    def subsampled(self, generator: torch.Generator) -> Self:
        """Return the product with random subsets of distances, anew each time it is called.

        Its log density estimates that of the product without bias; see `Expert.subsampled`.
        """
        return self._with_experts(expert.subsampled(generator) for expert in self.experts)

    def state(self, q: Tensor) -> KinematicState:
        """Evaluate the kinematics that transforms read, once for (B, nq) configurations."""
        return kinematic_state(self.chain, q)

    def conditioned(self, context: Tensor | None) -> tuple[Expert, ...]:
        """Return the experts with their fields filled by context rows, (B, dc).

        Raises:
            ContextError: The rows have another length than the context entries together.
        """
        if context is None:
            context = torch.zeros(1, 0)
        if context.ndim != 2 or context.shape[1] != self.context_size:
            names = ", ".join(f"{entry.name} ({entry.size})" for entry in self.context_entries)
            expected = f"shape (B, {self.context_size}): {names or 'nothing'}"
            raise ContextError("context", f"shape {tuple(context.shape)}", expected)
        experts = {expert.name: expert for expert in self.experts}
        sizes = [entry.size for entry in self.context_entries]
        for entry, rows in zip(self.context_entries, context.split(sizes, dim=1), strict=True):
            experts[entry.objective] = experts[entry.objective].conditioned(entry.field, rows)
        return tuple(experts.values())

    def expert(self, name: str) -> Expert:
        """Return the expert of a name."""
        return next(expert for expert in self.experts if expert.name == name)

    def _with_experts(self, experts: Iterable[Expert]) -> Self:
        """Return a copy with other experts on the same frames."""
        result = copy(self)
        result.experts = tuple(experts)
        return result

    def to(self, dtype: torch.dtype, device: torch.device | str = "cpu") -> Self:
        """Return the product for configurations of another dtype or device."""
        entries = self.context_entries
        return type(self)(self._robot, self.experts, entries, dtype=dtype, device=device)


def _sum(terms: Mapping[str, Tensor], q: Tensor) -> Tensor:
    """Add log densities (B,); the sum is one of q even where no term depends on it."""
    return torch.stack([0.0 * q[:, 0], *terms.values()]).sum(dim=0)
