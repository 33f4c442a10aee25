# SPDX-License-Identifier: Apache-2.0
"""Which graphs can be carried out and learned: definitions 4.1 and 4.2 of graphical skills."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.predicates import Timeout
from vi_ik_ros.skills.execution.graph.primitive import Primitive
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.plants.scene.reading import Within, nearest

END_NAME = "end"
Count = Annotated[int, Within(1, 100, "")]


@dataclass(frozen=True)
class GraphLimits:
    """How large the parts of a graph may be: what is learned of each grows with them.

    Attributes:
        parameters_per_primitive: n_V, the most.
        parameters_per_factor: n_g, the most.
        factors_per_primitive: m, the most.
    """

    parameters_per_primitive: Count = 4
    parameters_per_factor: Count = 4
    factors_per_primitive: Count = 2


def graph_sizes(skill: Skill) -> GraphLimits:
    """Return how large the largest part of each kind is."""
    active = skill.activity.sum(axis=1).tolist()
    return GraphLimits(
        max((len(one.parameters) for one in skill.primitives), default=0),
        max((len(factor.parameters) for factor in skill.factors), default=0),
        max(active, default=0),
    )


def check_skill(skill: Skill, limits: GraphLimits) -> None:
    """Refuse a graph that may not end, or that nobody could learn.

    Raises:
        InvalidInput: names the node and the field.
    """
    for path, nodes in (("primitives", skill.primitives), ("recovery", skill.recovery)):
        for node in nodes:
            _check_node(node, f"{path}[{node.name}]")
    _check_recovery(skill.recovery)
    _check_way({one.name: one for one in skill.primitives})
    _check_parameters(skill)
    _check_sizes(skill, limits)


def _check_node(node: Primitive, path: str) -> None:
    """Refuse a primitive that never ends, or asks for two things at once."""
    if not node.success:
        raise InvalidInput(f"{path}.success", "nothing", "a predicate; it would absorb the episode")
    if not any(isinstance(error.filled, Timeout) for error in node.errors):
        raise InvalidInput(f"{path}.errors", "no timeout", "one; it could absorb the episode")
    both = [axis for axis in node.force if axis in node.velocity]
    if both and not node.allow_feedforward:
        expected = f"no velocity on {both[0]} too, or allow_feedforward: true"
        raise InvalidInput(f"{path}.force.{both[0]}", node.force[both[0]], expected)
    if node.target and not node.velocity:
        raise InvalidInput(f"{path}.target", node.target, "a velocity that leads to it")
    for key in ("preconditions", "success", "errors", "skip_if"):
        _check_unique((one.filled.name for one in getattr(node, key)), f"{path}.{key}")


def _check_unique(names: Iterable[str], path: str) -> None:
    """Refuse two predicates that records could not tell apart."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInput(path, f"{name} twice", "each predicate once")
        seen.add(name)


def _check_recovery(recovery: tuple[Primitive, ...]) -> None:
    """Refuse parameters, edges and an objective in recovery."""
    following = [*(one.name for one in recovery[1:]), END_NAME]
    for node, name in zip(recovery, following, strict=True):
        path = f"recovery[{node.name}]"
        if node.parameters:
            raise InvalidInput(path, ", ".join(sorted(node.parameters)), "no parameter in recovery")
        if node.next != name or node.travel_from != node.name:
            raise InvalidInput(path, "an edge", "no next and no travel_from in recovery")


def _check_way(nodes: Mapping[str, Primitive]) -> None:
    """Refuse edges to nowhere, ways that never end, and nodes beside the way."""
    for node in nodes.values():
        if node.next != END_NAME and node.next not in nodes:
            expected = nearest(node.next, [*nodes, END_NAME])
            raise InvalidInput(f"primitives[{node.name}].next", node.next, expected)
    for name in nodes:
        _walk(name, nodes)
    way = _walk(next(iter(nodes)), nodes)
    for name, node in nodes.items():
        if name not in way:
            expected = f"a next that leads to it; the way is {' -> '.join(way)}"
            raise InvalidInput(f"primitives[{name}]", "a primitive that is never reached", expected)
        before = way[: way.index(name) + 1]
        if node.travel_from not in before:
            field = f"primitives[{name}].travel_from"
            raise InvalidInput(field, node.travel_from, nearest(node.travel_from, before))


def _walk(name: str, nodes: Mapping[str, Primitive]) -> list[str]:
    """Return the names on the way from a node to the end, which there must be."""
    way: list[str] = []
    while name != END_NAME:
        if name in way:
            circle = " -> ".join([*way[way.index(name) :], name])
            expected = f"a way to the end; {circle} has none"
            raise InvalidInput(f"primitives[{way[-1]}].next", name, expected)
        way.append(name)
        name = nodes[name].next
    return way


def _check_parameters(skill: Skill) -> None:
    """Refuse parameters without effect, and an objective of nothing."""
    used = frozenset[str]().union(*(one.parameters for one in skill.primitives))
    for name in skill.space.names:
        if name not in used:
            raise InvalidInput(f"parameters.{name}", "unused", "a primitive that uses it")
    if not any(one.objective.weight > 0.0 for one in skill.primitives):
        raise InvalidInput("primitives", "no objective", "a weight above 0 in one of them")


def _check_sizes(skill: Skill, limits: GraphLimits) -> None:
    """Refuse parts that are too large to be learned from few episodes."""
    for node, active in zip(skill.primitives, skill.activity, strict=True):
        path = f"primitives[{node.name}]"
        most = limits.parameters_per_primitive
        if len(node.parameters) > most:
            raise InvalidInput(path, ", ".join(sorted(node.parameters)), f"{most} parameters")
        if active.sum() > limits.factors_per_primitive:
            most = limits.factors_per_primitive
            raise InvalidInput(path, f"{active.sum()} factors", f"at most {most}")
    for factor in skill.factors:
        most = limits.parameters_per_factor
        if len(factor.parameters) > most:
            path = f"factors.{factor.name}.parameters"
            raise InvalidInput(path, ", ".join(factor.parameters), f"at most {most} of them")
