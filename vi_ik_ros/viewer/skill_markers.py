# SPDX-License-Identifier: Apache-2.0
"""A skill at work as boxes, cylinders and arrows, plain data that any viewer can show."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.scene.geometry.tool_body import BLADE_HEIGHT, blades

Color = tuple[float, float, float, float]  # red, green, blue, opacity in [0, 1]

STEEL: Color = (0.55, 0.58, 0.62, 1.0)
PLATE: Color = (0.75, 0.75, 0.78, 0.5)
RECESS: Color = (0.10, 0.10, 0.12, 0.9)
FORCE: Color = (0.85, 0.20, 0.15, 1.0)
SEARCH: Color = (0.15, 0.45, 0.85, 1.0)

ARROW_WIDTH = 0.0006  # [m], of the shaft
FORCE_LENGTH = 0.002  # [m/N]
LEAST_FORCE = 0.1  # [N]; less is not drawn
SEARCH_LENGTH = 0.01  # [m]
LABEL_HEIGHT = 0.03  # [m], above the plate


@dataclass(frozen=True)
class Solid:
    """A body.

    Attributes:
        name: of it; several bodies may share one.
        kind: `box` or `cylinder`, along its z.
        T_base_solid: (4, 4) of its middle.
        size: (3,) along its axes [m].
        color: of it.
    """

    name: str
    kind: str
    T_base_solid: np.ndarray
    size: np.ndarray
    color: Color


@dataclass(frozen=True)
class Arrow:
    """An arrow between two points of base_link.

    Attributes:
        name: what it shows.
        begin: (3,) [m].
        end: (3,), where its head is [m].
        color: of it.
    """

    name: str
    begin: np.ndarray
    end: np.ndarray
    color: Color


@dataclass(frozen=True)
class SkillMarkers:
    """Tool, plate, forces and directions in base_link.

    Attributes:
        solids: bodies.
        arrows: forces and directions.
        label: what is being done.
        label_position: (3,) [m].
    """

    solids: tuple[Solid, ...]
    arrows: tuple[Arrow, ...]
    label: str
    label_position: np.ndarray


def skill_markers(
    scene: Scene, R_base_task: np.ndarray, T_base_tcp: np.ndarray, force: np.ndarray, label: str
) -> SkillMarkers:
    """Draw a skill at one moment.

    Args:
        scene: where; its plate is drawn at the nominal pose, since nobody knows the true one.
        R_base_task: (3, 3) axes of the task frame: x is searched along.
        T_base_tcp: (4, 4) pose of the tool centre point.
        force: (3,) of the tool on the environment, along the task frame [N].
        label: what is being done.
    """
    T_base_plate, tip = pose_to_matrix(np.array(scene.plate.pose)), T_base_tcp[:3, 3]
    search = Arrow("search_direction", tip, tip + SEARCH_LENGTH * R_base_task[:, 0], SEARCH)
    return SkillMarkers(
        solids=(*_tool(scene, T_base_tcp), *_plate(scene, T_base_plate)),
        arrows=(search, *_force(tip, R_base_task @ force)),
        label=label,
        label_position=T_base_plate[:3, 3] + LABEL_HEIGHT * T_base_plate[:3, 2],
    )


def _force(tip: np.ndarray, force: np.ndarray) -> tuple[Arrow, ...]:
    """Draw a force as an arrow that pushes at the tip, where the plate does not hide it."""
    if np.linalg.norm(force) < LEAST_FORCE:
        return ()
    return (Arrow("contact_force", tip - FORCE_LENGTH * force, tip, FORCE),)


def _tool(scene: Scene, T_base_tcp: np.ndarray) -> list[Solid]:
    """Draw the blades, and the shaft above them."""
    height = BLADE_HEIGHT + scene.tool.tip_radius
    parts = []
    for blade in blades(scene):
        size = np.array([2.0 * blade.box_half[0], 2.0 * blade.box_half[1], height])
        parts.append(Solid("tool", "box", T_base_tcp @ _along_z(-0.5 * height), size, STEEL))
    length = scene.tool.flange_to_tip - height
    size = np.array([scene.tool.blade, scene.tool.blade, length])
    shaft = T_base_tcp @ _along_z(-height - 0.5 * length)
    return [*parts, Solid("tool", "cylinder", shaft, size, STEEL)]


def _plate(scene: Scene, T_base_plate: np.ndarray) -> list[Solid]:
    """Draw the plate, and its recess as dark boxes in it."""
    recess, size = scene.recess, np.array(scene.plate.size)
    boxes = [np.array([recess.width, recess.length, recess.depth])]
    if recess.shape == "cross":
        boxes.append(boxes[0][[1, 0, 2]])
    middle = T_base_plate @ _along_z(-0.5 * recess.depth)
    return [
        Solid("plate", "box", T_base_plate @ _along_z(-0.5 * size[2]), size, PLATE),
        *(Solid("recess", "box", middle, box, RECESS) for box in boxes),
    ]


def _along_z(distance: float) -> np.ndarray:
    """Return a displacement (4, 4)."""
    T = np.eye(4)
    T[2, 3] = distance
    return T
