# SPDX-License-Identifier: Apache-2.0
"""A graph of primitives, with what of it is learned and what its constraints depend on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.execution.control.control_settings import ControlSettings
from vi_ik_ros.skills.execution.graph.primitive import BoundPrimitive, Primitive
from vi_ik_ros.skills.execution.graph.task import Task
from vi_ik_ros.skills.execution.parameters import ParameterSpace
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings

END = -1  # in place of the index of the next primitive


@dataclass(frozen=True)
class Factor:
    """Constraints that depend on few parameters together.

    Attributes:
        name: of the factor.
        parameters: that it depends on, by name.
        primitives: indices of those whose errors it bundles.
    """

    name: str
    parameters: tuple[str, ...]
    primitives: tuple[int, ...]


@dataclass(frozen=True)
class BoundSkill:
    """A skill all of whose numbers are known.

    Attributes:
        name: of the skill.
        parameters: values by name, all of them.
        R_base_task: (3, 3) columns are the axes of the task frame.
        primitives: the first one is where episodes begin.
        recovery: carried out one after another, whatever primitive failed.
        factors: of the constraints.
        wrench: settings of the filters.
        control: settings of the controller.
    """

    name: str
    parameters: Mapping[str, float]
    R_base_task: np.ndarray
    primitives: tuple[BoundPrimitive, ...]
    recovery: tuple[BoundPrimitive, ...]
    factors: tuple[Factor, ...]
    wrench: WrenchSettings
    control: ControlSettings


@dataclass(frozen=True)
class Skill:
    """A skill as it is written: a Moore graph with a single way to its end.

    Attributes:
        name: of the skill.
        scene: name or path of the scene that it is made for.
        space: the parameters.
        constants: numbers by name, in SI units.
        task: frame and target poses.
        primitives: the first one is where episodes begin.
        recovery: carried out one after another, whatever primitive failed.
        factors: of the constraints.
        wrench: settings of the filters.
        control: settings of the controller.
    """

    name: str
    scene: str
    space: ParameterSpace
    constants: Mapping[str, float]
    task: Task
    primitives: tuple[Primitive, ...]
    recovery: tuple[Primitive, ...]
    factors: tuple[Factor, ...]
    wrench: WrenchSettings
    control: ControlSettings

    @property
    def adjacency(self) -> np.ndarray:
        """Return A (n_g, n_xi) bool: which factor depends on which parameter."""
        rows = [[name in factor.parameters for name in self.space.names] for factor in self.factors]
        return np.array(rows, dtype=bool).reshape(len(self.factors), len(self.space.names))

    @property
    def activity(self) -> np.ndarray:
        """Return M (n_V, n_g) bool: in which primitive which factor is active."""
        nodes = range(len(self.primitives))
        rows = [[k in factor.primitives for factor in self.factors] for k in nodes]
        return np.array(rows, dtype=bool).reshape(len(self.primitives), len(self.factors))

    def bind(self, parameters: Mapping[str, float], T_base_start: np.ndarray) -> BoundSkill:
        """Return the skill with all numbers known.

        Args:
            parameters: values by name; those that are missing have their defaults.
            T_base_start: (4, 4) pose of the tool centre point where the episode begins.

        Raises:
            InvalidInput: a parameter is unknown or out of its bounds.
        """
        values, targets = self.space.checked(parameters), self.task.targets(T_base_start)
        index = {primitive.name: k for k, primitive in enumerate(self.primitives)}
        edges = [(index.get(one.next, END), index[one.travel_from]) for one in self.primitives]
        nodes = zip(self.primitives, edges, strict=True)
        retreat = enumerate(self.recovery)
        return BoundSkill(
            name=self.name,
            parameters=values,
            R_base_task=self.task.R_base_task,
            primitives=tuple(one.bind(values, targets, edge) for one, edge in nodes),
            recovery=tuple(one.bind(values, targets, (END, k)) for k, one in retreat),
            factors=self.factors,
            wrench=self.wrench,
            control=self.control,
        )
