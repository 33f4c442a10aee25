# SPDX-License-Identifier: Apache-2.0
"""The nodes of a graph: what is asked of the controller, and when it ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np

from vi_ik_ros.skills.execution.control.set_values import AXES, SetValues
from vi_ik_ros.skills.execution.graph.names import Number, Template, value_of
from vi_ik_ros.skills.execution.graph.objective import Objective
from vi_ik_ros.skills.execution.graph.predicates import Predicate

AxisNumbers = Mapping[str, Number]  # by axis of the task frame
Conditions = tuple[Template[Predicate], ...]
Predicates = tuple[Predicate, ...]


@dataclass(frozen=True)
class BoundPrimitive:
    """A primitive all of whose numbers are known.

    Attributes:
        name: of the primitive.
        set_values: for the controller.
        preconditions: all must hold when it is entered after another one.
        success: all must hold.
        errors: any one ends the skill; judged before success.
        skip: if there are any, and all hold at entry, it is left out.
        next: index of the primitive after it, or `END`.
        travel_from: index of the primitive since whose entry travel is counted.
        linger: time for which its errors are still measured after success [s].
        tare: whether the wrench is tared at its end.
        weight: in the objective.
        objective: what its score is.
    """

    name: str
    set_values: SetValues
    preconditions: Predicates
    success: Predicates
    errors: Predicates
    skip: Predicates
    next: int
    travel_from: int
    linger: float
    tare: bool
    weight: float
    objective: Objective[float]

    def score(self, elapsed: float) -> float:
        """Return how well it went, 0 to 1.

        Args:
            elapsed: time from its entry to its success [s].
        """
        return self.objective.score(elapsed)


@dataclass(frozen=True)
class Primitive:
    """A primitive as it is written: names of parameters in place of some numbers.

    Attributes:
        name: of the primitive.
        velocity: by axis [m/s, rad/s]; with a target, the fastest.
        force: by axis, of the tool on the environment [N, Nm].
        gain: by the same axes [m/(s N), rad/(s Nm)].
        target: name of the pose that the velocity leads to, or ''.
        preconditions: see BoundPrimitive.
        success: see BoundPrimitive.
        errors: see BoundPrimitive.
        skip_if: its `skip`.
        linger: see BoundPrimitive.
        tare: see BoundPrimitive.
        objective: see BoundPrimitive.
        next: name of the primitive after it, or `end`.
        travel_from: name of the primitive since whose entry travel is counted.
        allow_feedforward: whether an axis may have a velocity and a force.
    """

    name: str
    velocity: AxisNumbers
    force: AxisNumbers
    gain: AxisNumbers
    target: str
    preconditions: Conditions
    success: Conditions
    errors: Conditions
    skip_if: Conditions
    linger: Number
    tare: bool
    objective: Objective[Number]
    next: str
    travel_from: str
    allow_feedforward: bool

    @property
    def parameters(self) -> frozenset[str]:
        """Return the names of all parameters that it uses."""
        numbers: Iterable[Number] = chain(
            self.velocity.values(),
            self.force.values(),
            self.gain.values(),
            (self.linger, self.objective.value, self.objective.time),
        )
        conditions = (*self.preconditions, *self.success, *self.errors, *self.skip_if)
        return frozenset(
            [number for number in numbers if isinstance(number, str)]
            + [name for condition in conditions for name in condition.parameters.values()]
        )

    def bind(
        self, values: Mapping[str, float], targets: Mapping[str, np.ndarray], edges: tuple[int, int]
    ) -> BoundPrimitive:
        """Return the primitive with all numbers known.

        Args:
            values: of the parameters.
            targets: T_base_target (4, 4) by name.
            edges: indices of the next primitive and of that from which travel is counted.
        """
        return BoundPrimitive(
            name=self.name,
            set_values=self._set_values(values, targets),
            preconditions=_bound(self.preconditions, values),
            success=_bound(self.success, values),
            errors=_bound(self.errors, values),
            skip=_bound(self.skip_if, values),
            next=edges[0],
            travel_from=edges[1],
            linger=value_of(self.linger, values),
            tare=self.tare,
            weight=self.objective.weight,
            objective=self.objective.bind(values),
        )

    def _set_values(
        self, values: Mapping[str, float], targets: Mapping[str, np.ndarray]
    ) -> SetValues:
        return SetValues(
            velocity=_row(self.velocity, values),
            wrench=_row(self.force, values),
            gain=_row(self.gain, values),
            velocity_axes=np.array([axis in self.velocity for axis in AXES]),
            force_axes=np.array([axis in self.force for axis in AXES]),
            T_base_target=targets[self.target] if self.target else None,
        )


def _bound(conditions: Conditions, values: Mapping[str, float]) -> Predicates:
    return tuple(condition.bind(values) for condition in conditions)


def _row(numbers: AxisNumbers, values: Mapping[str, float]) -> np.ndarray:
    """Return (6,), 0 where nothing is said."""
    return np.array([value_of(numbers.get(axis, 0.0), values) for axis in AXES])
