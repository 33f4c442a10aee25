# SPDX-License-Identifier: Apache-2.0
"""What `vi-ik skill` reads from options and prints of episodes."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.episode import Episode, Outcome

if TYPE_CHECKING:
    from vi_ik_ros.skills.execution.graph.skill import Skill

STYLES = {Outcome.SUCCESS: "green", Outcome.ERROR: "red", Outcome.BROKEN_OFF: "yellow"}


def given_parameters(words: Sequence[str]) -> dict[str, float]:
    """Return parameters that were given as NAME=VALUE.

    Raises:
        InvalidInput: a word is no such pair, or its value no number.
    """
    given: dict[str, float] = {}
    for word in words:
        name, equals, value = word.partition("=")
        try:
            given[name.strip()] = float(value)
        except ValueError:
            expected = "NAME=VALUE with a number"
            raise InvalidInput("--set", word, expected) from None
        if not equals or not name.strip():
            raise InvalidInput("--set", word, "NAME=VALUE with a number")
    return given


def episode_table(episode: Episode) -> Table:
    """Return how the primitives of an episode ended, and its factors below."""
    table = Table(title=f"{episode.skill}, seed {episode.seed}: {verdict(episode)}")
    for title in ("primitive", "outcome", "time [s]", "peak force [N]", "score", "why"):
        right = title.endswith("]") or title == "score"
        table.add_column(title, justify="right" if right else "left")
    for primitive in episode.primitives:
        style = STYLES.get(primitive.outcome, "dim")
        why = primitive.error
        if primitive.saturated > 0.05:
            why = f"{why} saturated in {primitive.saturated:.0%}".strip()
        table.add_row(
            primitive.name,
            f"[{style}]{primitive.outcome}[/]",
            _number(primitive.end - primitive.begin, 2),
            _number(primitive.peak_force, 1) if primitive.begin == primitive.begin else "",
            _number(primitive.score, 3),
            why,
        )
    table.add_section()
    for factor in episode.factors:
        state = {True: "[green]kept[/]", False: "[red]violated[/]", None: "[dim]not evaluated[/]"}
        worst = max(factor.metrics, key=lambda name: factor.metrics[name], default="")
        why = f"nearest: {worst}" if worst else ""
        constraint = _number(factor.constraint, 3)
        table.add_row(f"factor {factor.name}", state[factor.ok], "", "", constraint, why)
    return table


def verdict(episode: Episode) -> str:
    """Return what came of an episode, in a few words."""
    after = f"after {episode.duration:.2f} s"
    if episode.invalid_reason:
        return f"invalid {after}, {episode.invalid_reason}"
    if episode.success:
        return f"success {after}, cost {episode.cost:.3f}, peak {episode.peak_force:.1f} N"
    failed = episode.primitives[episode.last_primitive]
    back = "came back" if episode.recovered else "did not come back"
    return f"failed in {failed.name} ({failed.error}) {after}, {back}"


def skill_table(skill: "Skill") -> Table:
    """Return the parameters of a skill, then its primitives and factors."""
    table = Table(title=f"{skill.name}, made for the scene {skill.scene}")
    for title in ("", "name", "what it is", "uses"):
        table.add_column(title)
    for parameter in skill.space.parameters:
        bounds = f"{parameter.lower:g} to {parameter.upper:g} {parameter.unit}, {parameter.scale}"
        table.add_row("parameter", parameter.name, bounds, f"default {parameter.default:g}")
    table.add_section()
    for primitive in (*skill.primitives, *skill.recovery):
        ends = ", ".join(one.filled.kind for one in primitive.success)
        errors = ", ".join(one.filled.kind for one in primitive.errors)
        used = ", ".join(sorted(primitive.parameters & set(skill.space.names)))
        table.add_row("primitive", primitive.name, f"until {ends}; error: {errors}", used)
    table.add_section()
    for factor in skill.factors:
        where = ", ".join(skill.primitives[k].name for k in factor.primitives)
        table.add_row(
            "factor", factor.name, f"constraints of {where}", ", ".join(factor.parameters)
        )
    return table


def skill_data(skill: "Skill") -> dict[str, object]:
    """Return the same as plain data, with the matrices of the factor graph."""
    return {
        "name": skill.name,
        "scene": skill.scene,
        "parameters": [asdict(parameter) for parameter in skill.space.parameters],
        "primitives": [primitive.name for primitive in skill.primitives],
        "recovery": [primitive.name for primitive in skill.recovery],
        "factors": [factor.name for factor in skill.factors],
        "adjacency": skill.adjacency.astype(int),
        "activity": skill.activity.astype(int),
    }


def _number(value: float, digits: int) -> str:
    """Return a number, or nothing for none."""
    return "" if math.isnan(value) else f"{value:.{digits}f}"
