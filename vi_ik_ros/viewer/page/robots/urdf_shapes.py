# SPDX-License-Identifier: Apache-2.0
"""What a URDF shows of a robot, as triangles."""

import coal
import numpy as np
import pinocchio as pin
import trimesh

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.pinocchio_model import full_model
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.page.robots.link_shapes import LinkShape

MOST_FACES = 1_500  # of one shape; a body has fifty, and a page shows many bodies
CELLS = 32  # of the grid that a finer mesh is rounded to, along its longest side
AROUND = 16  # vertices about a cylinder


def urdf_shapes(robot: RobotModel) -> tuple[LinkShape, ...]:
    """Return the visual geometry of all links that a free joint moves, and of the base.

    Raises:
        RobotError: a mesh is missing, or the URDF shows nothing.
    """
    full = full_model(robot.urdf_text, robot.description)
    folders = [str(path) for path in robot.description.package_dirs]
    kind = pin.GeometryType.VISUAL
    try:
        visual = pin.buildGeomFromUrdfString(full, robot.urdf_text, kind, package_dirs=folders)
    except (ValueError, RuntimeError) as error:
        raise RobotError("robot", robot.name, f"visual geometry that loads ({error})") from None
    shapes = []
    for number, item in enumerate(visual.geometryObjects):
        frame, triangles = full.frames[item.parentFrame], _triangles(item.geometry)
        if triangles is None or frame.name not in robot.tree.frames:
            continue
        joint, T_joint_link = robot.tree.frames[frame.name]
        vertices, faces = triangles
        if np.prod(item.meshScale) < 0.0:  # A mirrored mesh is inside out.
            faces = faces[:, ::-1]
        T_link_shape = (frame.placement.inverse() * item.placement).homogeneous
        shapes.append(
            LinkShape(f"{number}_{item.name}", joint, T_joint_link @ T_link_shape, vertices, faces)
        )
    if not shapes:
        raise RobotError("robot", robot.name, "a URDF with <visual> geometry")
    return tuple(shapes)


def coarser(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Merge the vertices (V, 3) in each cell of a grid, and drop the faces (F, 3) within one."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    cells = np.floor((vertices - low) / ((high - low).max() / CELLS)).astype(int)
    _, cell_of, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    cell_of = cell_of.reshape(-1)
    middles = np.stack(
        [np.bincount(cell_of, weights=column) / counts for column in vertices.T], axis=1
    )
    merged = cell_of[faces]
    a, b, c = merged.T
    return middles, np.unique(merged[(a != b) & (b != c) & (c != a)], axis=0)


def _triangles(shape: coal.CollisionGeometry) -> tuple[np.ndarray, np.ndarray] | None:
    """Return vertices (V, 3) and faces (F, 3) of a shape; None for one that is not known."""
    if isinstance(shape, coal.BVHModelBase):
        corners = map(shape.tri_indices, range(shape.num_tris))
        faces = np.array([(corner[0], corner[1], corner[2]) for corner in corners])
        vertices = shape.vertices()
        vertices, faces = coarser(vertices, faces) if len(faces) > MOST_FACES else (vertices, faces)
        return np.asarray(vertices, np.float32), faces
    mesh = _primitive(shape)
    return None if mesh is None else (np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces))


def _primitive(shape: coal.CollisionGeometry) -> trimesh.Trimesh | None:
    """Return a primitive of URDF as triangles, about its middle."""
    if isinstance(shape, coal.Box):
        return trimesh.creation.box(2.0 * shape.halfSide)
    if isinstance(shape, coal.Cylinder):
        return trimesh.creation.cylinder(shape.radius, 2.0 * shape.halfLength, sections=AROUND)
    if isinstance(shape, coal.Sphere):
        return trimesh.creation.icosphere(2, shape.radius)
    if isinstance(shape, coal.Capsule):
        return trimesh.creation.capsule(2.0 * shape.halfLength, shape.radius, count=[8, AROUND])
    return None
