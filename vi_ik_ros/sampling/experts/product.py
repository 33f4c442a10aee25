# SPDX-License-Identifier: Apache-2.0
"""The target: a product of experts on the configurations of one robot, Eq. (2)."""

from collections.abc import Container, Sequence
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.exceptions import ContextError
from vi_ik_ros.kinematics.chain import Chain
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.context_entry import ContextEntry
from vi_ik_ros.sampling.experts.expert import Expert
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
        return torch.stack([q.new_zeros(q.shape[0]), *terms.values()]).sum(dim=0)

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

    def to(self, dtype: torch.dtype, device: torch.device | str = "cpu") -> Self:
        """Return the product for configurations of another dtype or device."""
        entries = self.context_entries
        return type(self)(self._robot, self.experts, entries, dtype=dtype, device=device)
