# SPDX-License-Identifier: Apache-2.0
"""Random objectives files: valid, but as extreme and as contradictory as a file may be."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch

from vi_ik_ros.benchmarks.never_nan.random_densities import place, random_density, scale
from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.kinematics.robot_description import robot_aliases
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import kinematic_state
from vi_ik_ros.sampling.experts.transforms import TRANSFORMS, Transform
from vi_ik_ros.sampling.experts.transforms.position import AXES
from vi_ik_ros.sampling.experts.transforms.projection import PROJECTED

MOST_OBJECTIVES = 4  # beside the joint limits


@cache
def load_robot(name: str) -> RobotModel:
    """Load a robot of config/robots.yaml once."""
    return RobotModel.load(name)


def random_objectives(seed: int, *, with_context: bool = False) -> dict:
    """Draw an objectives file as a plain mapping, the same for the same seed.

    Args:
        seed: of everything in it, the robot included.
        with_context: leave the mean of a normal objective to a context.
    """
    rng = np.random.default_rng(seed)
    names = list(robot_aliases())
    robot = load_robot(names[seed % len(names)])
    hierarchy = rng.random() < 0.3
    objectives = []
    for index in range(int(rng.integers(1, MOST_OBJECTIVES + 1))):
        objective = _objective(rng, robot) | {"name": f"objective_{index}"}
        later = hierarchy and index > 0
        objectives.append(objective | {"priority": int(rng.integers(3)) if later else 0})
    if rng.random() < 0.7:
        bounds = {"lower": "joint_limits", "upper": "joint_limits", "std": 0.05}
        density = {"type": "normal_cdf"} | bounds
        transform = {"type": "configuration"}
        objectives.append({"name": "joint_limits", "transform": transform, "density": density})
    document = {"robot": robot.name, "objectives": objectives}
    return document | _context(rng, robot, objectives) if with_context else document


def _objective(rng: np.random.Generator, robot: RobotModel) -> dict:
    """Draw a transform and a density on it."""
    kinds = list(TRANSFORMS)
    transform_fields = random_transform(rng, robot, str(rng.choice(kinds)))
    transform = TRANSFORMS[transform_fields["type"]].from_fields(Fields(transform_fields), robot)
    density = random_density(rng, transform, _attained(rng, robot, transform))
    if density["type"] == "normal_cdf" and not density.keys() & {"directions", "polygon"}:
        if transform_fields["type"] == "distance" and rng.random() < 0.3:
            transform_fields["num_random"] = int(rng.integers(1, transform.size + 1))
    return {"transform": transform_fields, "density": density}


def _context(rng: np.random.Generator, robot: RobotModel, objectives: Sequence[dict]) -> dict:
    """Add an objective about the tip whose mean is left open; move nothing else."""
    kind = str(rng.choice(["position", "orientation", "pose"]))
    open_objective = {
        "name": "tip",
        "transform": {"type": kind, "frame": robot.tip},
        "density": {"type": "normal", "std": scale(rng)},
    }
    context = [{"objective": "tip", "distribution": {"type": "reachable"}}]
    return {"objectives": [open_objective, *objectives], "context": context}


def _attained(rng: np.random.Generator, robot: RobotModel, transform: Transform) -> np.ndarray:
    """Return the value of a random configuration, (size,) in wire form."""
    q = torch.from_numpy(rng.uniform(robot.lower, robot.upper)[None])
    with torch.no_grad():
        value = transform(kinematic_state(Chain(robot, transform.frames), q))
        return transform.to_wire(value)[0].numpy()


def random_transform(rng: np.random.Generator, robot: RobotModel, kind: str) -> dict:
    """Draw the fields of a transform of a kind."""
    draws: dict[str, Callable[[np.random.Generator, RobotModel], dict]] = {
        "configuration": _configuration,
        "position": _position,
        "relative_position": _relative_position,
        "center_of_mass": _center_of_mass,
        "distance": _distance,
        "projection": _projection,
    }
    fields = draws[kind](rng, robot) if kind in draws else {"frame": _frame(rng, robot)}
    return {"type": kind} | fields


def _frame(rng: np.random.Generator, robot: RobotModel) -> str:
    return str(rng.choice(robot.frame_names))


def _some(rng: np.random.Generator, names: Sequence[str]) -> list[str]:
    """Draw at least one of the names."""
    size = int(rng.integers(1, len(names) + 1))
    return [str(name) for name in rng.choice(names, size, replace=False)]


def _configuration(rng: np.random.Generator, robot: RobotModel) -> dict:
    return {"joints": _some(rng, robot.joint_names)} if rng.random() < 0.5 else {}


def _position(rng: np.random.Generator, robot: RobotModel) -> dict:
    offset = {"offset": place(rng, 3)} if rng.random() < 0.3 else {}
    return {"frame": _frame(rng, robot), "axes": _some(rng, AXES)} | offset


def _relative_position(rng: np.random.Generator, robot: RobotModel) -> dict:
    fields = _position(rng, robot)
    joint = robot.frame(fields["frame"])[0]
    others = [name for name in robot.frame_names if robot.frame(name)[0] != joint]
    return fields | {"in_frame": str(rng.choice(others))}


def _center_of_mass(rng: np.random.Generator, robot: RobotModel) -> dict:
    relative = {"relative_to": _some(rng, robot.frame_names[:3])} if rng.random() < 0.3 else {}
    return {"axes": _some(rng, AXES)} | relative


def _projection(rng: np.random.Generator, robot: RobotModel) -> dict:
    fields = random_transform(rng, robot, str(rng.choice(list(PROJECTED))))
    inner = PROJECTED[fields["type"]].from_fields(Fields(fields), robot)
    target = _attained(rng, robot, inner)
    if inner.quaternion is None and rng.random() < 0.3:
        target = np.array(place(rng, inner.size))
    damping = {"damping": float(10.0 ** rng.uniform(-8.0, 0.0))} if rng.random() < 0.5 else {}
    steps = int(rng.integers(1, 4))
    return {"transform": fields, "target": target.tolist(), "steps": steps} | damping


def _distance(rng: np.random.Generator, robot: RobotModel) -> dict:
    spheres = [
        {"frame": _frame(rng, robot), "offset": place(rng, 3), "radius": float(rng.exponential())}
        for _ in range(int(rng.integers(1, 4)))
    ]
    capsules = [
        {"frame": _frame(rng, robot), "start": place(rng, 3), "end": place(rng, 3), "radius": 0.1}
        for _ in range(int(rng.integers(0, 4)))
    ]
    obstacles = [_obstacle(rng) for _ in range(int(rng.integers(1, 4)))]
    fields = {"spheres": spheres, "capsules": capsules, "obstacles": obstacles}
    try:
        TRANSFORMS["distance"].from_fields(Fields(fields | {"self_distance": True}), robot)
    except ObjectiveError:  # All of the shapes are on one link or on neighbours.
        return fields
    return fields | {"self_distance": True}


def _obstacle(rng: np.random.Generator) -> dict:
    kind = rng.choice(["sphere", "box", "half_space"])
    if kind == "sphere":
        return {"type": "sphere", "center": place(rng, 3), "radius": scale(rng)}
    if kind == "box":
        quaternion = rng.normal(size=4)
        pose = [*place(rng, 3), *(quaternion / np.linalg.norm(quaternion)).tolist()]
        return {"type": "box", "pose": pose, "size": [scale(rng) for _ in range(3)]}
    return {"type": "half_space", "point": place(rng, 3), "normal": rng.normal(size=3).tolist()}
