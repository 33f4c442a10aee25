# SPDX-License-Identifier: Apache-2.0
"""Configurations that somebody asks for, and scenes that begin there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.robot.backends.backend import Backend
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.scene.parts import Pose

SAME_START = 2e-3  # [m, rad], apart from a start that a configuration is of


def configuration(robot: RobotModel, positions: Mapping[str, float]) -> np.ndarray:
    """Return q (nq,) [rad].

    Args:
        robot: the arm.
        positions: joint name to angle [rad].

    Raises:
        InvalidInput: a joint is missing, unknown, or beyond a limit.
    """
    if sorted(positions) != sorted(robot.joint_names):
        expected = f"each of {', '.join(robot.joint_names)} once"
        raise InvalidInput("names", ", ".join(positions) or "nothing", expected)
    limits = zip(robot.joint_names, robot.lower, robot.upper, strict=True)
    for name, low, high in limits:
        if not low <= positions[name] <= high:
            expected = f"{low:g} to {high:g} [rad]"
            raise InvalidInput(f"positions of {name}", positions[name], expected)
    return np.array([positions[name] for name in robot.joint_names])


def starting_at(backend: Backend, q: np.ndarray) -> Scene:
    """Return a backend's scene with its start where a configuration has the tool.

    Raises:
        InvalidInput: that is outside of the workspace.
    """
    T = backend.robot.forward(q) @ backend.T_flange_tcp
    box, place = backend.scene.workspace, T[:3, 3].tolist()
    sides = zip(box.lower, place, box.upper, strict=True)
    if not all(low < value < high for low, value, high in sides):
        where = " ".join(f"{value:.4f}" for value in place)
        expected = f"it inside of the workspace, {[*box.lower]} to {[*box.upper]} m"
        raise InvalidInput("positions", f"the tool centre point at {where} m", expected)
    return replace(backend.scene, start=cast(Pose, tuple(matrix_to_pose(T).tolist())))


def beginning(backend: Backend, q: np.ndarray, scene: Scene) -> np.ndarray:
    """Return the configuration (nq,) that the search for that of a scene's start begins with.

    Args:
        backend: the simulation.
        q: (nq,) where the arm was sent to, or began, before.
        scene: whose start it is.

    Returns:
        q if it has the tool at the start: an arm that was sent there stays in its posture. The
        usual posture otherwise.
    """
    apart = np.linalg.inv(pose_to_matrix(np.array(scene.start))) @ backend.robot.forward(q)
    apart = apart @ backend.T_flange_tcp
    near = np.abs(apart - np.eye(4)).max() < SAME_START
    return q if near else backend.robot.ready.copy()
