# SPDX-License-Identifier: Apache-2.0
"""What an optimiser knows of a skill before the first episode."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.parameters import ParameterSpace


@dataclass(frozen=True)
class Problem:
    """Parameters in the unit cube, primitives with costs, factors with constraints.

    Attributes:
        space: the parameters and their bounds.
        primitives: (n_V) names.
        factors: (n_g) names.
        weights: (n_V,) of the primitives' costs, at least 0, sum 1.
        scopes: (n_V, n_xi) bool, I_k: which parameters the cost of a primitive depends on.
        adjacency: (n_g, n_xi) bool, A: which parameters a factor depends on.
        activity: (n_V, n_g) bool, M: in which primitive a factor is active.
    """

    space: ParameterSpace
    primitives: tuple[str, ...]
    factors: tuple[str, ...]
    weights: np.ndarray
    scopes: np.ndarray
    adjacency: np.ndarray
    activity: np.ndarray

    def __post_init__(self) -> None:
        """Refuse arrays whose shapes contradict the names."""
        n_v, n_g, n_xi = len(self.primitives), len(self.factors), self.num_parameters
        shapes = {
            "weights": (n_v,),
            "scopes": (n_v, n_xi),
            "adjacency": (n_g, n_xi),
            "activity": (n_v, n_g),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if np.shape(array) != shape:
                raise InvalidInput(f"problem.{name}", np.shape(array), f"an array {shape}")
        if not (np.isfinite(self.weights).all() and (self.weights >= 0.0).all()):
            raise InvalidInput("problem.weights", self.weights.tolist(), "numbers of at least 0")

    @classmethod
    def of(cls, skill: Skill) -> Self:
        """Take everything from a skill; the cost of a primitive is of all that it uses."""
        names = skill.space.names
        weights = np.array([primitive.objective.weight for primitive in skill.primitives])
        scopes = [[name in one.parameters for name in names] for one in skill.primitives]
        return cls(
            space=skill.space,
            primitives=tuple(primitive.name for primitive in skill.primitives),
            factors=tuple(factor.name for factor in skill.factors),
            weights=weights / max(float(weights.sum()), 1e-12),
            scopes=np.array(scopes, dtype=bool).reshape(len(skill.primitives), len(names)),
            adjacency=skill.adjacency,
            activity=skill.activity,
        )

    @property
    def num_parameters(self) -> int:
        """Return n_xi."""
        return len(self.space.parameters)
