# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.skill_file import load_skill


def refusal(changed, path, value):
    """Return the error that one other value raises."""
    with pytest.raises(InvalidInput) as error:
        changed({path: value})
    return error.value


@pytest.mark.parametrize(
    ("error", "below", "words"),
    [
        ({"force_abov": {"limit": 1.0}}, ".force_abov", "an unknown predicate, expected force_abo"),
        ({"force_above": {"limit": "max_forc"}}, ".force_above.limit", "a number, or max_force"),
        ({"force_above": {"limit": -1.0}}, ".force_above.limit", "from 0.001 to 10000 [N]"),
        ({"force_above": {"limit": "force_gain"}}, ".force_above.limit", "from 0.001 to"),
        ({"force_above": {"limits": 1.0}}, ".force_above.limits", "unknown key, expected limit"),
        ({"force_above": {}}, ".force_above.limit", "got nothing"),
        ({"force_above": 3.0}, ".force_above", "got 3.0, expected a mapping"),
        ({"timeout": {"after": True}}, ".timeout.after", "got True"),
        ("force_above", "", "expected one predicate: contact"),
    ],
)
def test_a_wrong_predicate_is_named_with_its_place(changed, error, below, words):
    refused = refusal(changed, "primitives.search.errors", [error])
    assert refused.field == f"primitives[search].errors[0]{below}"
    assert words in str(refused)


@pytest.mark.parametrize(
    ("key", "value", "field", "words"),
    [
        ("velocity", {"w": 0.1}, "velocity.w", "an unknown key"),
        ("velocity", {"x": float("nan")}, "velocity.x", "got nan"),
        ("velocity", [0.1], "velocity", "expected a mapping with x, y, z"),
        ("velocities", {"x": 0.1}, "velocities", "an unknown key, expected velocity"),
        ("gain", {"x": 0.1}, "gain.x", "no gain without a force on x"),
        ("gain", -1.0, "gain.z", "at least 0"),
        ("gain", None, "gain.z", "got nothing"),
        ("target", "home", "target", "valid: start, hover, aligned"),
        ("tare", 1, "tare", "true or false"),
        ("linger", -0.1, "linger", "at least 0"),
        ("success", {"timeout": {}}, "success", "expected a list"),
        ("objective", {"weight": -1.0, "time": 3.0}, "objective.weight", "at least 0"),
        ("objective", {"weight": 1.0}, "objective", "either parameter or time"),
        ("objective", {"weight": 1.0, "time": 0.0}, "objective.time", "more than 0 s"),
        ("objective", {"weight": 1.0, "parameter": "gain"}, "objective.parameter", "force_gain"),
    ],
)
def test_a_wrong_key_of_a_primitive_is_named(changed, key, value, field, words):
    refused = refusal(changed, f"primitives.search.{key}", value)
    assert refused.field == f"primitives[search].{field}"
    assert words in str(refused)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("parameters.force_gain.upper", None, "got nothing"),
        ("parameters.force_gain.lower", None, "got nothing"),
        ("parameters.force_gain.lower", 1.0, "less than upper"),
        ("parameters.force_gain.lower", 0.0, "more than 0 on a log scale"),
        ("parameters.force_gain.default", 1.0, "from 5e-05 to 0.0025 [m/(N s)]"),
        ("parameters.force_gain.scale", "line", "linear"),
        ("parameters.force_gain.most", 1.0, "an unknown key"),
        ("constants.max_force", "much", "a number"),
        ("constants.max_force", float("inf"), "a finite number"),
        ("constants.force_gain", 1.0, "a name that is not a parameter too"),
        ("control.ramps", 1.0, "an unknown key, expected ramp"),
        ("control.ramp", -1.0, "a positive number"),
        ("wrench.fast_cutoff", "force_gain", "settings are not learned"),
        ("task.x", [0.0, 0.0, 1.0], "a direction at right angles to z"),
        ("task.z", [0.0, 0.0, -0.5], "a vector of length 1"),
        ("factors.impact.primitives", [], "at least one name"),
        ("factors.impact.primitives", ["insert", "insert"], "none twice"),
        ("limits", {"factors": 1}, "an unknown key"),
    ],
)
def test_a_wrong_value_elsewhere_is_named(changed, path, value, words):
    refused = refusal(changed, path, value)
    assert refused.field.startswith(path)
    assert words in str(refused)


@pytest.mark.parametrize("key", ["parameters", "primitives"])
def test_names_in_factors_are_looked_up(changed, key):
    refused = refusal(changed, f"factors.impact.{key}", ["approach_surfac"])
    assert refused.field == f"factors.impact.{key}[0]"
    assert "expected approach_s" in str(refused)


def test_unknown_and_missing_sections_are_named(changed):
    assert "expected factors" in str(refusal(changed, "factor", {}))
    assert refusal(changed, "recovery", None).field == "skill.recovery"
    assert refusal(changed, "name", "").field == "skill.name"


def test_wrong_files_and_names_are_told_in_one_line(tmp_path):
    with pytest.raises(InvalidInput, match="skill: got screw, expected a path, or"):
        load_skill("screw")
    path = tmp_path / "broken.yaml"
    for text, line in [
        ("a: [", "line 1"),
        ("a: 1\na: 2\n", "line 2: a is written twice"),
        ("- 1", "a mapping"),
    ]:
        path.write_text(text)
        with pytest.raises(InvalidInput, match=line):
            load_skill(path)
