# SPDX-License-Identifier: Apache-2.0
"""How far the links of a robot stay from solids, on the collision geometry of its URDF."""

from collections.abc import Callable, Sequence

import coal
import numpy as np
import pinocchio as pin

from vi_ik_ros.kinematics.chains.joint_tree import WORLD
from vi_ik_ros.kinematics.collisions.collision import collision_geometry
from vi_ik_ros.kinematics.collisions.solids import Solid
from vi_ik_ros.kinematics.robot_model import RobotModel


class LinkClearance:
    """Measures distances between links that can move and solids in the root frame.

    A mesh counts as its convex hull, which is a hundred times faster and errs to the safe side.
    Links that do not move against the root frame are left out: a robot may stand on an obstacle.

    Attributes:
        robot: The robot.
    """

    def __init__(self, robot: RobotModel) -> None:
        """Read the geometry.

        Raises:
            RobotError: If a mesh is missing or the URDF has no collision geometry.
        """
        self.robot = robot
        self._root_joint, self._T_joint_root = _root(robot)
        self._links = [
            pin.GeometryObject(link.name, link.parentJoint, link.placement, _convex(link.geometry))
            for link in collision_geometry(robot).geometryObjects
            if link.parentJoint != self._root_joint
        ]

    def distance_to(self, solids: Sequence[Solid]) -> Callable[[np.ndarray], np.ndarray]:
        """Return what measures the distance of configurations (B, nq) to the nearest solid.

        It returns (B,) [m], negative where a link reaches into a solid, infinite without solids
        or links. It belongs to one thread, and what it measured before moves a distance by up to
        1e-6 m: coal starts where it stopped.
        """
        geometry = pin.GeometryModel()
        for link in self._links:
            geometry.addGeometryObject(link)
        for index, solid in enumerate(solids):
            placement = self._T_joint_root * solid.T_root_solid()
            item = pin.GeometryObject(f"_{index}", self._root_joint, placement, solid.shape())
            added = geometry.addGeometryObject(item)
            for link in range(len(self._links)):
                geometry.addCollisionPair(pin.CollisionPair(link, added))
        model = self.robot.pinocchio_model
        data, found = model.createData(), geometry.createData()

        def distance(q: np.ndarray) -> np.ndarray:
            result = np.full(len(q), np.inf)
            if not len(geometry.collisionPairs) or not len(q):
                return result
            for row, q_pin in enumerate(np.atleast_2d(self.robot.to_pinocchio(q))):
                nearest = pin.computeDistances(model, data, geometry, found, q_pin)
                result[row] = found.distanceResults[nearest].min_distance
            return result

        return distance


def _root(robot: RobotModel) -> tuple[int, pin.SE3]:
    """Return pinocchio's joint that the root frame is attached to, and where on it."""
    if robot.frame(robot.root)[0] == WORLD:
        return 0, pin.SE3.Identity()
    model = robot.pinocchio_model
    frame = model.frames[model.getFrameId(robot.root, pin.FrameType.BODY)]
    return frame.parentJoint, frame.placement


def _convex(shape: coal.CollisionGeometry) -> coal.CollisionGeometry:
    """Return the convex hull of a mesh, and any other shape as it is."""
    if not isinstance(shape, coal.BVHModelBase):
        return shape
    shape.buildConvexHull(True, "Qt")
    return shape.convex
