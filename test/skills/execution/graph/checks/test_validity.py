# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.checks.validity import GraphLimits, graph_sizes

MORE = {"parameters": ["search_speed"], "primitives": ["search"]}


@pytest.mark.parametrize(
    ("node", "following", "refused", "circle"),
    [
        ("search", "search", "search", "search -> search"),
        ("insert", "search", "insert", "search -> alignment -> insert -> search"),
        ("alignment", "approach", "alignment", "approach -> approach_surface"),
    ],
)
def test_a_way_that_never_ends_is_refused(changed, node, following, refused, circle):
    with pytest.raises(InvalidInput, match="expected a way to the end") as error:
        changed({f"primitives.{node}.next": following})
    assert error.value.field == f"primitives[{refused}].next"
    assert circle in str(error.value)


@pytest.mark.parametrize("following", ["insert", "end"])
def test_a_node_beside_the_way_is_refused(changed, following):
    with pytest.raises(InvalidInput, match="a primitive that is never reached") as error:
        changed({"primitives.search.next": following})
    assert error.value.field == "primitives[alignment]"


def test_an_edge_to_nowhere_is_told_the_nearest_node(changed):
    with pytest.raises(InvalidInput, match="got insret, expected insert") as error:
        changed({"primitives.search.next": "insret"})
    assert error.value.field == "primitives[search].next"


@pytest.mark.parametrize(
    ("path", "value", "field", "words"),
    [
        ("primitives.search.success", [], "primitives[search].success", "nothing"),
        ("primitives.insert.errors", [], "primitives[insert].errors", "no timeout"),
        ("recovery.retract.errors", [], "recovery[retract].errors", "no timeout"),
        ("primitives.search.travel_from", "insert", "primitives[search].travel_from", "insert"),
        ("primitives.search.name", "insert", "primitives[5].name", "no other primitive has"),
        ("primitives.search.name", "end", "primitives[3].name", "end"),
        ("primitives", [], "primitives", "an empty list"),
        ("recovery", [], "recovery", "an empty list"),
        ("recovery.retract.velocity", {"z": "search_speed"}, "recovery[retract]", "no parameter"),
        ("recovery.retract.next", "end", "recovery[retract]", "an edge"),
        ("primitives.search.velocity", {"z": 0.1}, "primitives[search].force.z", "no velocity"),
    ],
)
def test_a_node_that_cannot_be_carried_out_is_refused(changed, path, value, field, words):
    with pytest.raises(InvalidInput) as error:
        changed({path: value})
    assert error.value.field == field
    assert words in str(error.value)


def test_velocity_and_force_on_one_axis_are_allowed_on_request(changed):
    search = {"velocity": {"x": "search_speed", "z": 0.001}, "allow_feedforward": True}
    skill = changed({f"primitives.search.{key}": value for key, value in search.items()})
    assert skill.primitives[3].velocity["z"] == 0.001


def test_a_predicate_twice_is_refused(changed):
    again = [{"timeout": {"after": 1.0}}, {"timeout": {"after": 2.0}}]
    with pytest.raises(InvalidInput, match=r"primitives\[search\].errors: got timeout twice"):
        changed({"primitives.search.errors": again})


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ({"parameters_per_primitive": 1}, r"primitives\[search\]: got force_gain, search_speed"),
        ({"parameters_per_factor": 1}, r"factors.correction.parameters: got approach_speed, force"),
        ({"factors_per_primitive": 1}, r"primitives\[search\]: got 2 factors"),
    ],
)
def test_parts_that_are_too_large_are_refused(changed, limits, line):
    with pytest.raises(InvalidInput, match=line):
        changed({"limits": limits, "factors.more": MORE})


def test_sizes_of_the_graph_are_told(changed):
    assert graph_sizes(changed({})) == GraphLimits(2, 2, 1)
    assert graph_sizes(changed({"factors.more": MORE})) == GraphLimits(2, 2, 2)


def test_a_parameter_without_effect_is_refused(changed):
    spare = {"unit": "N", "lower": 1.0, "upper": 2.0, "scale": "log", "default": 1.0}
    with pytest.raises(InvalidInput, match=r"parameters.spare: got unused"):
        changed({"parameters.spare": spare})


def test_an_objective_of_nothing_is_refused(changed):
    weighted = ("approach_surface", "force_correction", "search", "insert")
    with pytest.raises(InvalidInput, match="primitives: got no objective"):
        changed({f"primitives.{name}.objective": None for name in weighted})
