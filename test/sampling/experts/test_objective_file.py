# SPDX-License-Identifier: Apache-2.0
import copy
import json
from itertools import accumulate

import pytest
import torch
import yaml

from vi_ik_ros.exceptions import ObjectiveError, RobotError
from vi_ik_ros.sampling.experts.objective_file import load_objectives

SHIPPED = (
    "panda_over_table",
    "panda_pose",
    "panda_position",
    "planar2_line",
    "planar2_projection",
    "planar3_position",
    "planar6_priority",
    "talos_reach",
    "talos_reach_across",
    "talos_stance",
)


def changed(mapping, place, value):
    """Return a copy with the value at `a.0.b` replaced; a value of None removes the key."""
    result = copy.deepcopy(mapping)
    *parents, last = (int(p) if p.isdigit() else p for p in place.split("."))
    target = result
    for parent in parents:
        target = target[parent]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return result


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_files_load_and_survive_their_own_document(objectives_dir, name):
    objectives = load_objectives(objectives_dir / f"{name}.yaml")
    again = load_objectives(json.loads(json.dumps(objectives.document)))
    assert again.digest == objectives.digest
    assert again.document == objectives.document
    assert again.context_entries == objectives.context_entries


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_files_have_finite_values_and_slopes_within_the_limits(
    objectives_dir, configurations, name
):
    objectives = load_objectives(objectives_dir / f"{name}.yaml")
    q = configurations(objectives.robot, num=20).requires_grad_()
    context = torch.zeros(1, objectives.product.context_size, dtype=torch.float64)
    ends = list(accumulate(entry.size for entry in objectives.context_entries))
    context[:, [end - 1 for end in ends]] = 1.0  # a quaternion of norm 1 where there is one
    for value in (
        objectives.product.log_density(q, context),
        objectives.product.filtered_log_density(q, context),
    ):
        (slope,) = torch.autograd.grad(value.sum(), q, retain_graph=True)
        assert value.isfinite().all() and slope.isfinite().all()


def test_every_shipped_file_is_tested(objectives_dir):
    assert {path.stem for path in objectives_dir.glob("*.yaml")} == set(SHIPPED)


def test_the_panda_pose_context_is_described(objectives_dir):
    (entry,) = load_objectives(objectives_dir / "panda_pose.yaml").context_entries
    assert (entry.name, entry.kind, entry.size, entry.frame) == ("flange", "pose", 7, "panda_link0")
    assert entry.distribution.type == "reachable"
    described = entry.describe([-1.0] * 7, [1.0] * 7)
    assert described["range"] == [[-1.0] * 7, [1.0] * 7]
    assert described["unit"] == "m, unit quaternion"


def test_the_digest_is_that_of_the_meaning(planar_mapping):
    digest = load_objectives(planar_mapping).digest
    reordered = dict(reversed(planar_mapping.items()))
    defaults = changed(planar_mapping, "objectives.0.priority", 0)
    other = changed(planar_mapping, "objectives.0.density.std", 0.03)
    assert load_objectives(reordered).digest == digest
    assert load_objectives(defaults).digest == digest
    assert load_objectives(other).digest != digest


def test_whole_and_broken_numbers_are_equal(planar_mapping):
    whole, broken = (changed(planar_mapping, "objectives.0.density.std", std) for std in (1, 1.0))
    assert load_objectives(whole).digest == load_objectives(broken).digest


def test_a_given_robot_takes_the_place_of_the_named_one(planar_mapping):
    robot = load_objectives(planar_mapping).robot
    assert load_objectives(planar_mapping, robot=robot).robot is robot


@pytest.mark.parametrize(
    ("place", "value", "field", "expected"),
    [
        ("robot", None, "robot", "alias"),
        ("robot", 7, "robot", "alias"),
        ("objectves", [], "objectves", "objectives"),
        ("objectives", [], "objectives", "at least one"),
        ("objectives", {"a": 1}, "objectives", "a list of mappings"),
        ("objectives.1", "joint_limits", "objectives[1]", "a mapping"),
        ("objectives.0.name", None, "objectives[0].name", "a name"),
        ("objectives.1.name", "tip", "objectives[1].name", "no other objective"),
        ("objectives.0.prioritty", 1, "objectives[0].prioritty", "priority"),
        ("objectives.0.priority", -1, "objectives[0].priority", "0 or more"),
        ("objectives.0.priority", 2**32, "objectives[0].priority", "up to 4294967295"),
        ("objectives.0.priority", 0.5, "objectives[0].priority", "whole number"),
        ("objectives.0.priority", True, "objectives[0].priority", "whole number"),
        ("objectives.0.transform", None, "objectives[0].transform", "a mapping"),
        ("objectives.0.transform.type", "positon", "objectives[0].transform.type", "position"),
        ("objectives.0.transform.frame", None, "objectives[0].transform.frame", "tip"),
        ("objectives.0.transform.frame", "tipp", "objectives[0].transform.frame", "tip (valid"),
        ("objectives.0.transform.fram", "tip", "objectives[0].transform.fram", "frame"),
        ("objectives.0.transform.axes", [], "objectives[0].transform.axes", "x, y, z"),
        ("objectives.0.transform.axes", ["w"], "objectives[0].transform.axes[0]", "x, y, z"),
        ("objectives.0.transform.axes", ["x", "x"], "objectives[0].transform.axes[1]", "once"),
        ("objectives.0.transform.offset", [1, 2], "objectives[0].transform.offset", "3 finite"),
        ("objectives.1.transform.joints", ["elbow"], "objectives[1].transform.joints[0]", "joint"),
        ("objectives.0.density.type", "norml", "objectives[0].density.type", "normal"),
        ("objectives.0.density.sdt", 0.1, "objectives[0].density.sdt", "std"),
        ("objectives.0.density.std", None, "objectives[0].density.std", "positive"),
        ("objectives.0.density.std", 0, "objectives[0].density.std", "positive"),
        ("objectives.0.density.std", -0.1, "objectives[0].density.std", "positive"),
        ("objectives.0.density.std", [0.1], "objectives[0].density.std", "list of 2"),
        ("objectives.0.density.std", [0.1, 0.0], "objectives[0].density.std", "list of 2"),
        ("objectives.0.density.std", float("nan"), "objectives[0].density.std", "positive"),
        ("objectives.0.density.std", float("inf"), "objectives[0].density.std", "positive"),
        ("objectives.0.density.std", "wide", "objectives[0].density.std", "positive"),
        ("objectives.0.density.std", True, "objectives[0].density.std", "positive"),
        ("objectives.0.density.std", {"position": 1}, "objectives[0].density.std", "list of 2"),
        ("objectives.0.density.mean", [1, 2], "context[0].field", "leaves out"),
        ("objectives.1.density.std", [0.1] * 4, "objectives[1].density.std", "list of 3"),
        ("objectives.1.density.lower", [0.0], "objectives[1].density.lower", "list of 3"),
        ("objectives.1.density.lower", "limits", "objectives[1].density.lower", "joint_limits"),
        ("objectives.1.density.upper", -99, "objectives[1].density.upper", "above lower"),
        ("context", {}, "context", "a list of mappings"),
        ("context", [], "objectives[0].density.mean", "a context entry for tip"),
        ("context.0.objective", "tipp", "context[0].objective", "tip"),
        ("context.0.objective", "joint_limits", "context[0].objective", "unlike joint_limits"),
        ("context.0.field", "men", "context[0].field", "mean"),
        ("context.0.distribution", None, "context[0].distribution", "a mapping"),
        ("context.0.distribution.type", "gauss", "context[0].distribution.type", "reachable"),
        ("context.0.distribution.lower", [0, 0], "context[0].distribution.lower", "type"),
        (
            "context.0.distribution",
            {"type": "uniform", "lower": [0, 0]},
            "context[0].distribution.upper",
            "2 finite numbers",
        ),
        (
            "context.0.distribution",
            {"type": "uniform", "lower": [0, 0], "upper": [1, 0]},
            "context[0].distribution.upper",
            "above lower",
        ),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(planar_mapping, place, value, field, expected):
    with pytest.raises(ObjectiveError) as caught:
        load_objectives(changed(planar_mapping, place, value))
    assert caught.value.field == field
    assert expected in caught.value.expected
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "rows",
    [
        [[1, 2], [2, 1]],
        [[1, 0.5], [0.4, 1]],
        [[1, 0], [0, 0]],
        [[1, 0]],
        [[1], [0]],
        [1, 0],
        [[1, "a"], [0, 1]],
    ],
)
def test_a_covariance_must_be_one(planar_mapping, rows):
    density = {"type": "normal", "covariance": rows}
    with pytest.raises(ObjectiveError, match="positive definite 2 x 2") as caught:
        load_objectives(changed(planar_mapping, "objectives.0.density", density))
    assert caught.value.field == "objectives[0].density.covariance"


def test_std_and_covariance_exclude_each_other(planar_mapping):
    wrong = changed(planar_mapping, "objectives.0.density.covariance", [[1, 0], [0, 1]])
    with pytest.raises(ObjectiveError, match="not both"):
        load_objectives(wrong)


def test_a_mean_that_is_no_unit_quaternion_is_refused(planar_mapping):
    transform = {"type": "pose", "frame": "tip"}
    density = {"type": "normal", "mean": [0, 0, 0, 0, 0, 0, 1.1], "std": 1.0}
    wrong = {"name": "pose", "transform": transform, "density": density}
    with pytest.raises(ObjectiveError, match="norm 1") as caught:
        load_objectives(changed(planar_mapping, "objectives.1", wrong))
    assert caught.value.field == "objectives[1].density.mean"


def test_bounds_on_a_pose_are_refused(planar_mapping):
    wrong = changed(planar_mapping, "objectives.1.transform", {"type": "pose", "frame": "tip"})
    with pytest.raises(ObjectiveError, match="vectors") as caught:
        load_objectives(wrong)
    assert caught.value.field == "objectives[1].density.type"


def test_one_field_has_one_context_entry(planar_mapping):
    (entry,) = planar_mapping["context"]
    twice = planar_mapping | {"context": [entry, entry | {"name": "again"}]}
    with pytest.raises(ObjectiveError, match="at most once") as caught:
        load_objectives(twice)
    assert caught.value.field == "context[1].field"


def test_a_uniform_pose_bounds_the_position_alone(planar_mapping):
    mapping = changed(planar_mapping, "objectives.0.transform", {"type": "pose", "frame": "tip"})
    uniform = {"type": "uniform", "lower": [-1, -1, 0], "upper": [1, 1, 0.1]}
    (entry,) = load_objectives(changed(mapping, "context.0.distribution", uniform)).context_entries
    assert (entry.size, len(entry.distribution.lower)) == (7, 3)


def test_six_bounds_of_a_uniform_pose_are_those_of_all_of_it(planar_mapping):
    mapping = changed(planar_mapping, "objectives.0.transform", {"type": "pose", "frame": "tip"})
    box = {"type": "uniform", "lower": [-1, 0, 0, 0, 0, -0.2], "upper": [1, 1, 0, 0, 0, 0.2]}
    (entry,) = load_objectives(changed(mapping, "context.0.distribution", box)).context_entries
    assert entry.distribution.is_box and entry.distribution.upper == (1, 1, 0, 0, 0, 0.2)
    for bad in ({"upper": [1, 1, 0, 0, 0]}, {"upper": [1, 1, 0, 0, 0, -0.3]}, {"lower": [0] * 5}):
        with pytest.raises(ObjectiveError, match="context"):
            load_objectives(changed(mapping, "context.0.distribution", box | bad))


def test_a_context_is_given_in_the_frame_of_its_transform(planar_mapping):
    transform = {"type": "relative_position", "frame": "tip", "in_frame": "link_1"}
    mapping = changed(planar_mapping, "objectives.0.transform", transform)
    (entry,) = load_objectives(mapping).context_entries
    assert (entry.frame, entry.kind, entry.size) == ("link_1", "vector", 3)


def test_an_unknown_robot_is_the_robots_error(planar_mapping):
    with pytest.raises(RobotError, match="planar2"):
        load_objectives(planar_mapping | {"robot": "plannar2"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("robot: planar3\nobjectives: [", "line 2"),
        ("robot: planar3\n\trobot: 1", "line 2"),
        ("robot: a\nobjectives: []\nrobot: b", "line 3: robot is written twice"),
        ("- a\n- b", "a mapping"),
        ("", "a mapping"),
        ("just words", "a mapping"),
        ("a: !!python/object:os.system {}", "line 1"),
        ("\x00", "valid YAML"),
        ("[" * 2000, "valid YAML"),
    ],
    ids=range(9),
)
def test_a_file_that_is_no_yaml_mapping_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "objectives.yaml"
    path.write_text(text)
    with pytest.raises(ObjectiveError) as caught:
        load_objectives(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value) or "few levels" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(ObjectiveError, match="No such file"):
        load_objectives(tmp_path / "none.yaml")
    with pytest.raises(ObjectiveError, match="directory"):
        load_objectives(tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ObjectiveError):
        load_objectives(tmp_path / "bytes.yaml")


def test_numbers_may_be_written_without_a_point(tmp_path, planar_mapping):
    path = tmp_path / "objectives.yaml"
    text = yaml.safe_dump(planar_mapping).replace("std: 0.02", "std: 2e-2")
    assert "2e-2" in text
    path.write_text(text)
    assert load_objectives(path).digest == load_objectives(planar_mapping).digest
