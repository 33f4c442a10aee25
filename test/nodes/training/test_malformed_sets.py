# SPDX-License-Identifier: Apache-2.0
"""What is wrong in a message or a file is refused where it stands in the file."""

import math

import pytest

from vi_ik_ros.exceptions import InvalidInput, ObjectiveError
from vi_ik_ros.msg import LinkShape, NumberRow, Objective, Obstacle, RobotSpec
from vi_ik_ros.nodes.training.objective_messages import document_from_msg, objectives_to_msg
from vi_ik_ros.sampling.experts.objective_file import load_objectives

NAN, INF = math.nan, math.inf
TRANSFORM, DENSITY, BOUNDS = (
    "objectives[0].transform",
    "objectives[0].density",
    "objectives[1].density",
)
FEET = {"type": "pose", "frame": "tip", "offset": []}


def rows(*values):
    return [NumberRow(values=row) for row in values]


def robot(**fields):
    return {
        "robot": RobotSpec(urdf="example-robot-data:ur_description/urdf/ur10_robot.urdf", **fields)
    }


def refusal(message):
    """What a trainer answers to a message."""
    with pytest.raises(InvalidInput) as caught:
        load_objectives(document_from_msg(message))
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"type": ""}, f"{TRANSFORM}.type", "configuration"),
        ({"type": "positon"}, f"{TRANSFORM}.type", "position"),
        ({"frame": "tipp"}, f"{TRANSFORM}.frame", "tip"),
        ({"frame": "tip\n\x1b[31m"}, f"{TRANSFORM}.frame", "tip"),
        ({"axes": ["x", "x"]}, f"{TRANSFORM}.axes[1]", "once"),
        ({"offset": [0.0, NAN, 0.0]}, f"{TRANSFORM}.offset", "finite"),
        ({"offset": [0.0, 1.0]}, f"{TRANSFORM}.offset", "3 finite"),
        ({"joints": ["joint_1"]}, f"{TRANSFORM}.joints", "offset"),
        ({"target": [1.0, 1.0]}, f"{TRANSFORM}.target", "offset"),
        ({"damping": NAN}, f"{TRANSFORM}.damping", "finite"),
        ({"capsules_from_collision": True}, f"{TRANSFORM}.capsules", "offset"),
        ({"projection": True}, f"{TRANSFORM}.target", "what the steps go to"),
        ({"projection": True, "target": [1.0]}, f"{TRANSFORM}.target", "2 finite"),
        ({"projection": True, "target": [1.0, INF]}, f"{TRANSFORM}.target", "finite"),
        ({"projection": True, "target": [1.0, 1.0], "steps": 1000}, f"{TRANSFORM}.steps", "100"),
        (
            {"projection": True, "target": [1.0, 1.0], "damping": -1.0},
            f"{TRANSFORM}.damping",
            "positive",
        ),
        (
            {"projection": True, "target": [1.0, 1.0], "in_frame": "base"},
            f"{TRANSFORM}.transform.in_frame",
            "frame",
        ),
        (
            {"projection": True, "target": [1.0, 1.0], "type": "projection"},
            f"{TRANSFORM}.transform.type",
            "position",
        ),
        (
            {"type": "projection", "target": [1.0, 1.0], "frame": "", "axes": []},
            f"{TRANSFORM}.transform",
            "a mapping",
        ),
    ],
)
def test_a_malformed_transform_is_refused(received, planar, fields, field, expected):
    message = objectives_to_msg(planar)
    for name, value in fields.items():
        setattr(message.objectives[0].transform, name, value)
    error = refusal(received(message))
    assert error.field == field and expected in error.expected


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"capsules_from_collision": True}, f"{TRANSFORM}.capsules", "not both"),
        ({"num_random": 99}, f"{TRANSFORM}.num_random", "from 1 to 1"),
        ({"capsules": [LinkShape(frame="tip", end=[NAN] * 3)]}, ".capsules[0].end", "finite"),
        ({"capsules": [LinkShape(frame="tip", radius=0.1)]}, ".capsules[0].end", "3 numbers"),
        ({"capsules": [LinkShape(radius=0.1, end=[0.0, 0.0, 1.0])]}, ".capsules[0].frame", "tip"),
        ({"capsules": [LinkShape(frame="tip", radius=NAN)]}, ".capsules[0].radius", "finite"),
        ({"spheres": [LinkShape(frame="tip", radius=-1.0)]}, ".spheres[0].radius", "0 or more"),
        ({"spheres": [LinkShape(frame="tip", end=[1.0] * 3)]}, ".spheres[0].end", "offset"),
        ({"obstacles": []}, f"{TRANSFORM}.obstacles", "at least one"),
        ({"obstacles": [Obstacle(type="cone")]}, ".obstacles[0].type", "sphere"),
        ({"obstacles": [Obstacle(type="sphere", radius=1.0)]}, ".obstacles[0].center", "3"),
        ({"obstacles": [Obstacle(type="box", size=[1.0, NAN])]}, ".obstacles[0].size", "finite"),
    ],
)
def test_malformed_shapes_are_refused(received, planar, fields, field, expected):
    capsule = {"frame": "tip", "end": [0, 0, 0.1], "radius": 0.1}
    wall = {"type": "half_space", "point": [0, 0, 0], "normal": [0, 0, 1]}
    transform = {"type": "distance", "capsules": [capsule], "obstacles": [wall]}
    density = {"type": "normal_cdf", "lower": 0.0, "std": 0.1}
    objective = {"name": "clear", "transform": transform, "density": density}
    message = objectives_to_msg(planar | {"objectives": [objective], "context": []})
    for name, value in fields.items():
        setattr(message.objectives[0].transform, name, value)
    error = refusal(received(message))
    assert error.field.endswith(field) and expected in error.expected


@pytest.mark.parametrize(
    ("index", "fields", "field", "expected"),
    [
        (0, {"type": "norml"}, f"{DENSITY}.type", "normal"),
        (0, {"std": []}, f"{DENSITY}.std", "positive"),
        (0, {"std": [0.0]}, f"{DENSITY}.std", "positive"),
        (0, {"std": [INF]}, f"{DENSITY}.std", "finite"),
        (0, {"std": [0.1] * 3}, f"{DENSITY}.std", "list of 2"),
        (0, {"std_position": [0.1]}, f"{DENSITY}.std", "not both"),
        (0, {"std": [], "std_orientation": [0.1]}, f"{DENSITY}.std", "list of 2"),
        (0, {"std": [], "std_position": [NAN]}, f"{DENSITY}.std.position", "finite"),
        (0, {"covariance": rows([1.0, 0.0], [0.0, 1.0])}, f"{DENSITY}.covariance", "not both"),
        (0, {"covariance": rows([1.0], [0.0, 1.0]), "std": []}, ".covariance", "2 x 2"),
        (0, {"covariance": rows([], []), "std": []}, f"{DENSITY}.covariance", "2 x 2"),
        (0, {"covariance": rows([NAN, 0.0], [0.0, 1.0]), "std": []}, ".covariance", "finite"),
        (0, {"mean": [1.0, 1.0]}, "context[0].field", "leaves out"),
        (0, {"mean": [NAN, 1.0]}, f"{DENSITY}.mean", "finite"),
        (0, {"probability": 0.5}, f"{DENSITY}.probability", "covariance"),
        (0, {"lower_joint_limits": True}, f"{DENSITY}.lower", "covariance"),
        (0, {"type": "uni_gauss", "probability": 0.5}, f"{DENSITY}.volume", "positive"),
        (0, {"type": "uni_gauss", "probability": INF}, f"{DENSITY}.probability", "finite"),
        (1, {"lower": [0.0]}, f"{BOUNDS}.lower", "not both"),
        (1, {"upper": [INF]}, f"{BOUNDS}.upper", "not both"),
        (1, {"lower_joint_limits": False, "lower": [0.0] * 2}, f"{BOUNDS}.lower", "list of 3"),
        (1, {"lower_joint_limits": False, "lower": [INF]}, f"{BOUNDS}.lower", "finite"),
        (1, {"lower_joint_limits": False, "lower": [NAN]}, f"{BOUNDS}.lower", "finite"),
        (1, {"upper_joint_limits": False, "upper": [-INF]}, f"{BOUNDS}.upper", "finite"),
        (1, {"polygon": rows([0.0, 0.0], [1.0, 0.0], [1.0])}, f"{BOUNDS}.lower", "not both"),
        (1, {"directions": rows([1.0, 0.0])}, f"{BOUNDS}.directions[0]", "3 finite"),
        (1, {"a": rows([1.0])}, f"{BOUNDS}.A", "polygon"),
    ],
)
def test_a_malformed_density_is_refused(received, planar, index, fields, field, expected):
    message = objectives_to_msg(planar)
    for name, value in fields.items():
        setattr(message.objectives[index].density, name, value)
    error = refusal(received(message))
    assert error.field.endswith(field) and expected in error.expected


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"robot": RobotSpec()}, "robot", "alias"),
        ({"robot": RobotSpec(name="plannar3")}, "robot", "planar3"),
        ({"robot": RobotSpec(name="panda", root="x")}, "robot.urdf", "a path"),
        ({"robot": RobotSpec(urdf="/no/such.urdf")}, "robot.urdf", "exists"),
        (robot(locked_joints=["a", "b"], locked_positions=[1.0]), "robot.locked", "one position"),
        (robot(locked_joints=["a"] * 2, locked_positions=[1.0] * 2), "robot.locked", "once"),
        (robot(ready_joints=["a"]), "robot.ready", "one position"),
        (robot(locked_joints=["a"], locked_positions=[NAN]), "robot.locked.a", "finite"),
        (robot(position_range=1.0), "robot.floating_base", "true beside position_range"),
        (robot(floating_base=True, nominal_pose=[1.0]), ".nominal_pose", "x y z qx"),
        (robot(floating_base=True, rotation_range=NAN), ".rotation_range", "finite"),
        (robot(floating_base=True, rotation_range=-1.0), ".rotation_range", "above 0"),
        ({"objectives": []}, "objectives", "at least one"),
        ({"objectives": [Objective()]}, "objectives[0].name", "a name"),
        ({"context": []}, f"{DENSITY}.mean", "a context entry for tip"),
    ],
)
def test_a_malformed_set_is_refused(received, planar, fields, field, expected):
    message = objectives_to_msg(planar)
    for name, value in fields.items():
        setattr(message, name, value)
    error = refusal(received(message))
    assert error.field.endswith(field) and expected in error.expected


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"objective": "tipp"}, "context[0].objective", "tip"),
        ({"field": "std"}, "context[0].field", "mean"),
        ({"distribution": ""}, "context[0].distribution.type", "reachable"),
        ({"lower": [0.0, 0.0]}, "context[0].distribution.lower", "type"),
        ({"distribution": "uniform"}, "context[0].distribution.lower", "2 finite"),
        (
            {"distribution": "uniform", "lower": [0.0] * 2, "upper": [1.0, NAN]},
            "context[0].distribution.upper",
            "finite",
        ),
    ],
)
def test_a_malformed_context_is_refused(received, planar, fields, field, expected):
    message = objectives_to_msg(planar)
    for name, value in fields.items():
        setattr(message.context[0], name, value)
    error = refusal(received(message))
    assert error.field == field and expected in error.expected


@pytest.mark.parametrize(
    ("objective", "key"),
    [
        ({"transform": FEET}, "transform.offset"),
        ({"transform": {"type": "position", "frame": "tip", "axes": []}}, "transform.axes"),
        ({"transform": {"type": "position", "frame": "tip", "frme": 1}}, "transform.frme"),
        ({"transform": {"type": "distance", "num_random": 0}}, "transform.num_random"),
        ({"transform": {"type": "distance", "num_random": True}}, "transform.num_random"),
        ({"transform": {"type": "distance", "capsules": "hull"}}, "transform.capsules"),
        ({"transform": {"type": "distance", "capsules": [1]}}, "transform.capsules[0]"),
        ({"transform": {"type": "distance", "self_distance": None}}, "transform.self_distance"),
        ({"transform": {"type": "projection", "transform": {}}}, "transform.transform"),
        ({"transform": {"type": "projection", "frame": "tip"}}, "transform.frame"),
        ({"transform": "pose"}, "transform"),
        ({"density": {"type": "normal", "std": {}}}, "density.std"),
        ({"density": {"type": "normal", "std": True}}, "density.std"),
        ({"density": {"type": "normal", "mean": []}}, "density.mean"),
        ({"density": {"type": "normal", "mean": [1, None]}}, "density.mean"),
        ({"density": {"type": "normal", "mean": 10**400}}, "density.mean"),
        ({"density": {"type": "normal", "covariance": [1.0]}}, "density.covariance"),
        ({"density": {"type": "normal", "covariance": []}}, "density.covariance"),
        ({"density": {"type": "normal_cdf", "lower": "limits"}}, "density.lower"),
        ({"density": {"type": "normal_cdf", "lower": INF}}, "density.lower"),
        ({"density": {"type": "uni_gauss", "width": 0}}, "density.width"),
        ({"priority": -1}, "priority"),
        ({"priority": 2**32}, "priority"),
        ({"name": "a\0b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": ""}, "name"),
    ],
)
def test_what_a_message_cannot_hold_is_refused_before_it_is_sent(objective, key):
    """Otherwise it would arrive as something else, or as nothing, and might be accepted."""
    with pytest.raises(ObjectiveError) as caught:
        objectives_to_msg({"robot": "planar3", "objectives": [objective]})
    assert caught.value.field == f"objectives[0].{key}"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"robot": 7}, "robot"),
        ({"robot": {"root": "base"}}, "robot.urdf"),
        ({"robot": {"urdf": "a.urdf", "locked": {"a": "x"}}}, "robot.locked.a"),
        ({"robot": {"urdf": "a.urdf", "locked": {"a": 10**400}}}, "robot.locked.a"),
        ({"robot": {"urdf": "a.urdf", "floating_base": 1}}, "robot.floating_base"),
        ({"robot": "panda", "objectives": {}}, "objectives"),
        ({"robot": "panda", "objectives": [], "contxt": []}, "contxt"),
    ],
)
def test_a_file_of_another_shape_is_refused_before_it_is_sent(document, field):
    with pytest.raises(ObjectiveError) as caught:
        objectives_to_msg(document)
    assert caught.value.field == field
