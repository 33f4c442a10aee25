# SPDX-License-Identifier: Apache-2.0
"""The record of an episode: what those who run skills owe those who learn from them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a primitive ended."""

    SUCCESS = "success"
    ERROR = "error"
    BROKEN_OFF = "broken_off"  # by something that says nothing about the parameters
    NOT_REACHED = "not_reached"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class PrimitiveOutcome:
    """What became of one primitive.

    Attributes:
        name: of the primitive.
        outcome: how it ended.
        begin: when it was entered [s], NaN if it was not.
        end: when it was left [s].
        error: name of the predicate or fault that ended it, or ''.
        score: its part of the objective, 0 to 1; NaN unless it succeeded.
        cost: 1 - score.
        saturated: share of its control periods in which a command was shortened by a limit.
        peak_force: largest norm of the fast-filtered force in it [N].
    """

    name: str
    outcome: Outcome
    begin: float
    end: float
    error: str
    score: float
    saturated: float
    peak_force: float

    @property
    def cost(self) -> float:
        """Return what is minimised."""
        return 1.0 - self.score


@dataclass(frozen=True)
class FactorOutcome:
    """What one group of constraints measured.

    Attributes:
        name: of the factor.
        evaluated: whether a primitive in which it is active was entered.
        ok: whether no constraint of it was violated; None if not evaluated.
        constraint: largest of (metric - limit) / scale, feasible when at most 0; NaN if there
            is none, be it that a limit of the plant ended the primitive before one was measured.
        metrics: largest metric - limit of each of its predicates, by `primitive.predicate`, in
            the predicate's unit.
    """

    name: str
    evaluated: bool
    ok: bool | None
    constraint: float
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Episode:
    """One execution of a skill (spec of graphical skills, section 2.4).

    Attributes:
        skill: name of the skill.
        parameters: the skill parameters theta, by name, in their units.
        seed: of everything random in it.
        success: whether the graph reached its end.
        last_primitive: index of the primitive that failed; the number of primitives on success.
        primitives: in the order of the skill, without recovery.
        factors: in the order of the skill.
        cost: 1 - J, the weighted mean of the primitives' costs; NaN unless success.
        invalid_reason: '' or why the episode says nothing about its parameters.
        recovered: whether the tool came back to where episodes start.
        duration: of the plant's clock [s], recovery not included.
        peak_force: largest norm of the fast-filtered force [N].
    """

    skill: str
    parameters: Mapping[str, float]
    seed: int
    success: bool
    last_primitive: int
    primitives: tuple[PrimitiveOutcome, ...]
    factors: tuple[FactorOutcome, ...]
    cost: float
    invalid_reason: str
    recovered: bool
    duration: float
    peak_force: float

    @property
    def failed_primitive(self) -> str:
        """Return the name of the primitive that failed, or ''."""
        if self.success or self.invalid_reason or self.last_primitive >= len(self.primitives):
            return ""
        return self.primitives[self.last_primitive].name

    def digest(self) -> str:
        """Return the SHA-256 digest of every number in the record."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
