# SPDX-License-Identifier: Apache-2.0
"""The picture of a contact skill: its graph of primitives, and what its success depends on."""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from vi_ik_ros.skills.execution.graph.primitive import Primitive
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.learning.graph_optimizer.naive_bayes import naive_bayes_problem
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.viewer.figures.canvas import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    PAPER,
    RED,
    Canvas,
    bare,
    caption,
)

SKILL = "screw_insertion"
BOX = (0.86, 0.72)  # width and height of a node, in steps from node to node
LOW = -1.35  # where the recovery stands


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `skill_graph.png` and `skill_factors.png`; return their paths."""
    skill = load_skill(SKILL)
    canvas = Canvas(
        f"The skill {SKILL.replace('_', ' ')} as a graph of primitives",
        "What each primitive asks for, along the axes of the task frame: velocities in blue, "
        "forces in orange and bold; learned parameters below.",
        widths=(4.1,),
        height=6.2,
    )
    _draw_graph(canvas.panels[0], skill.primitives)
    problem = Problem.of(skill)
    factors = Canvas(
        "What success depends on",
        "Circles: learned parameters. Squares: factors of the probability of success.",
        widths=(1.5, 1.5),
        height=5.8,
    )
    words = ("Naive Bayes", "Factor graph")
    notes = ("one factor for each primitive that has parameters", "one for each of the constraints")
    problems = (naive_bayes_problem(problem), problem)
    for axes, one, title, note in zip(factors.panels, problems, words, notes, strict=True):
        _draw_factors(axes, one)
        caption(axes, title, note)
    paths = [directory / "skill_graph.png", directory / "skill_factors.png"]
    for page, path in zip((canvas, factors), paths, strict=True):
        page.save(path)
    return paths


def _draw_graph(axes: Axes, primitives: Sequence[Primitive]) -> None:
    """Draw primitives from left to right, and the ways from each to the recovery."""
    bare(axes)
    middle, wide = 0.5 * (len(primitives) - 1), 0.5 * BOX[0]
    for place, primitive in enumerate(primitives):
        _draw_primitive(axes, place, primitive)
        if place:
            _arrow(axes, (place - 1 + wide, 0.0), (place - wide, 0.0), INK)
        _arrow(axes, (place, -0.5 * BOX[1] - 0.33), (place, LOW + 0.17), RED, faint=True)
    long = len(primitives) - 1 + BOX[0]
    _box(axes, (middle, LOW), (long, 0.3), RED)
    words = "recovery: retract, back to the start; whichever primitive an error ended"
    axes.text(middle, LOW, words, ha="center", va="center", fontsize=11, color=INK)
    axes.set_xlim(-0.6, len(primitives) - 0.4)
    axes.set_ylim(LOW - 0.2, 0.42)


def _draw_primitive(axes: Axes, place: int, primitive: Primitive) -> None:
    """Draw a node: its name, its axes, its parameters."""
    _box(axes, (place, 0.0), BOX, FAINT)
    name = primitive.name.replace("_", "\n")
    axes.text(place, 0.17, name, ha="center", va="center", fontsize=12, color=INK)
    lines = [(primitive.velocity, BLUE, "normal", "v"), (primitive.force, ORANGE, "bold", "F")]
    height = -0.09
    for numbers, color, weight, sign in lines:
        if numbers:
            text = f"{sign}: {' '.join(numbers)}"
            axes.text(
                place, height, text, ha="center", va="center", fontsize=10.5, color=color,
                weight=weight,
            )  # fmt: skip
            height -= 0.14
    parameters = "\n".join(sorted(primitive.parameters)).replace("_", " ")
    low = -0.5 * BOX[1] - 0.18
    axes.text(place, low, parameters, ha="center", va="center", fontsize=10.5, color=FAINT)


def _draw_factors(axes: Axes, problem: Problem) -> None:
    """Draw parameters above, factors below, and a line wherever one depends on the other."""
    bare(axes)
    names = problem.space.names
    across = [(k + 0.5) / len(names) for k in range(len(names))]
    below = [(k + 0.5) / len(problem.factors) for k in range(len(problem.factors))]
    for row, place in zip(problem.adjacency, below, strict=True):
        for depends, at in zip(row, across, strict=True):
            if depends:
                axes.plot([at, place], [0.75, 0.25], color=FAINT, linewidth=1.4, zorder=1)
    for place, name in zip(across, names, strict=True):
        axes.plot(
            place, 0.75, "o", markersize=26, color=PAPER, markeredgecolor=BLUE,
            markeredgewidth=2.2,
        )  # fmt: skip
        words = name.replace("_", " ")
        axes.text(place, 0.92, words, ha="center", va="center", fontsize=11.5, color=INK)
    for place, name in zip(below, problem.factors, strict=True):
        axes.plot(place, 0.25, "s", markersize=18, color=ORANGE)
        words = name.replace("_", "\n")
        axes.text(place, 0.08, words, ha="center", va="center", fontsize=11.5, color=INK)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)


def _box(axes: Axes, middle: tuple[float, float], size: tuple[float, float], color: str) -> None:
    corner = middle[0] - 0.5 * size[0], middle[1] - 0.5 * size[1]
    style = "round,pad=0,rounding_size=0.06"
    axes.add_patch(
        FancyBboxPatch(corner, *size, boxstyle=style, facecolor="white", edgecolor=color, lw=1.6)
    )


def _arrow(
    axes: Axes,
    begin: tuple[float, float],
    end: tuple[float, float],
    color: str,
    *,
    faint: bool = False,
) -> None:
    axes.add_patch(
        FancyArrowPatch(
            begin,
            end,
            arrowstyle="-|>",
            mutation_scale=13,
            color=color,
            linewidth=1.4,
            alpha=0.5 if faint else 1.0,
            shrinkA=0,
            shrinkB=0,
        )  # fmt: skip
    )
