# SPDX-License-Identifier: Apache-2.0
"""The messages of an objectives file, key by key."""

import math
from collections.abc import Mapping

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.msg import (
    ContextEntry,
    LinkShape,
    Objective,
    ObjectiveDensity,
    ObjectiveSet,
    ObjectiveTransform,
    Obstacle,
    RobotSpec,
)
from vi_ik_ros.nodes.training.tables.kinds import (
    Bounds,
    Flag,
    Leaf,
    Matrix,
    Message,
    Names,
    Number,
    Numbers,
    Text,
    Whole,
    Word,
    mapping,
    sendable_text,
)
from vi_ik_ros.nodes.training.tables.mappings import (
    Either,
    Joints,
    Keys,
    Nested,
    Record,
    Records,
    Switched,
    Table,
)


class Robot(Leaf):
    """A robot by its name alone, or a mapping with its URDF."""

    def pack(self, value: object, path: str) -> RobotSpec:
        """Return the robot; null in the mapping is the same as nothing."""
        if isinstance(value, str):
            return RobotSpec(name=sendable_text(value, path))
        if not isinstance(value, Mapping):
            raise ObjectiveError(path, value, "a robot's alias, path or mapping")
        given = {key: entry for key, entry in value.items() if entry is not None}
        if "urdf" not in given:
            raise ObjectiveError(f"{path}.urdf", "nothing", "a path or example-robot-data:<path>")
        return ROBOT.pack(given, path)

    def unpack(self, value: Message, path: str) -> object:
        """Return the name if nothing else is given."""
        robot = ROBOT.unpack(value, path)
        return robot if robot.keys() - {"name"} else value.name


class View(Leaf):
    """A view of the configuration, or the projection of one."""

    def pack(self, value: object, path: str) -> ObjectiveTransform:
        """Choose the table by the type."""
        is_projection = mapping(value, path).get("type") == "projection"
        return (PROJECTION if is_projection else VIEW).pack(value, path)

    def unpack(self, value: Message, path: str) -> object:
        """Choose the table by the flag."""
        return (PROJECTION if value.projection else VIEW).unpack(value, path)


ROBOT = Table(
    RobotSpec,
    {
        "name": Text("name"),
        "urdf": Text("urdf"),
        "root": Text("root"),
        "tip": Text("tip"),
        "locked": Joints("locked_joints", "locked_positions"),
        "floating_base": Switched(
            "floating_base",
            {
                "nominal_pose": Numbers("nominal_pose"),
                "position_range": Number("position_range"),
                "rotation_range": Number("rotation_range"),
            },
        ),
        "ready": Joints("ready_joints", "ready_positions"),
    },
)
LINK_SHAPE = Table(
    LinkShape,
    {
        "frame": Text("frame"),
        "offset": Numbers("offset"),
        "start": Numbers("start"),
        "end": Numbers("end"),
        "radius": Number("radius", zero=True),
    },
)
OBSTACLE = Table(
    Obstacle,
    {
        "type": Text("type"),
        "center": Numbers("center"),
        "radius": Number("radius"),
        "pose": Numbers("pose"),
        "size": Numbers("size"),
        "point": Numbers("point"),
        "normal": Numbers("normal"),
    },
)
_VIEW_KEYS: Keys = {
    "type": Text("type"),
    "frame": Text("frame"),
    "in_frame": Text("in_frame"),
    "axes": Names("axes"),
    "offset": Numbers("offset"),
    "joints": Names("joints"),
    "relative_to": Names("relative_to"),
    "spheres": Records("spheres", LINK_SHAPE),
    "capsules": Either(
        Records("capsules", LINK_SHAPE), Word("capsules_from_collision", "collision")
    ),
    "obstacles": Records("obstacles", OBSTACLE),
    "self_distance": Flag("self_distance"),
    "num_random": Whole("num_random"),
}
_STEP_KEYS: Keys = {
    "target": Numbers("target"),
    "steps": Whole("steps"),
    "damping": Number("damping"),
}
VIEW = Table(ObjectiveTransform, {**_VIEW_KEYS, **_STEP_KEYS})
PROJECTION = Table(
    ObjectiveTransform,
    {"type": Word("projection", "projection"), "transform": Nested(_VIEW_KEYS), **_STEP_KEYS},
)
DENSITY = Table(
    ObjectiveDensity,
    {
        "type": Text("type"),
        "mean": Numbers("mean"),
        "std": Either(
            Numbers("std"),
            Nested(
                {"position": Numbers("std_position"), "orientation": Numbers("std_orientation")}
            ),
        ),
        "covariance": Matrix("covariance"),
        "probability": Number("probability"),
        "volume": Number("volume"),
        "width": Number("width"),
        "lower": Either(Bounds("lower", -math.inf), Word("lower_joint_limits", "joint_limits")),
        "upper": Either(Bounds("upper", math.inf), Word("upper_joint_limits", "joint_limits")),
        "directions": Matrix("directions", bare=True),
        "polygon": Matrix("polygon"),
        "A": Matrix("a"),
        "B": Matrix("b"),
        "C": Matrix("c"),
    },
)
OBJECTIVE = Table(
    Objective,
    {
        "name": Text("name"),
        "transform": View("transform"),
        "density": Record("density", DENSITY),
        "priority": Whole("priority", zero=True),
    },
)
CONTEXT = Table(
    ContextEntry,
    {
        "name": Text("name"),
        "objective": Text("objective"),
        "field": Text("field"),
        "distribution": Nested(
            {
                "type": Text("distribution"),
                "lower": Numbers("lower"),
                "upper": Numbers("upper"),
            },
            required=True,
        ),
    },
)
SET = Table(
    ObjectiveSet,
    {
        "robot": Robot("robot"),
        "objectives": Records("objectives", OBJECTIVE),
        "context": Records("context", CONTEXT),
    },
)
