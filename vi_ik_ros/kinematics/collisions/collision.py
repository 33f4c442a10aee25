# SPDX-License-Identifier: Apache-2.0
"""Self-collision of a robot, on the collision geometry of its URDF."""

import threading

import numpy as np
import pinocchio as pin

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.pinocchio_model import full_model, lock_joints
from vi_ik_ros.kinematics.robot_model import RobotModel

_NUM_PROBES = 200  # random configurations that decide which pairs always touch


class SelfCollision:
    """Tells which configurations let two links of the robot touch.

    Left out are pairs on the same joint, pairs on neighbouring joints, and shapes that overlap by
    construction: pairs that touch in the ready posture of the robot's description, if it has one,
    or in each of 200 random configurations.

    Attributes:
        robot: The robot.
        pairs: The names of the geometries of each pair that is checked.
    """

    def __init__(self, robot: RobotModel) -> None:
        """Read the geometry and choose the pairs.

        Raises:
            RobotError: If a mesh is missing or the URDF has no collision geometry.
        """
        self.robot, self._local = robot, threading.local()
        self._geometry = collision_geometry(robot)
        self._geometry.addAllCollisionPairs()
        self._keep_pairs([self._is_distant(pair) for pair in self._geometry.collisionPairs])
        self._keep_pairs(self._separable())
        objects = self._geometry.geometryObjects
        self.pairs = tuple(
            (objects[pair.first].name, objects[pair.second].name)
            for pair in self._geometry.collisionPairs
        )

    def in_collision(self, q: np.ndarray) -> np.ndarray:
        """Tell which configurations (B, nq) have two links that touch, (B,) bool."""
        return np.array([self._any_touching(row) for row in self._configurations(q)], bool)

    def distance(self, q: np.ndarray) -> np.ndarray:
        """Measure how far the nearest two links are apart.

        Args:
            q: configurations (B, nq).

        Returns:
            (B,) [m], negative where links touch, infinite where no pair is checked.
        """
        model, (data, geometry_data) = self.robot.pinocchio_model, self._data()
        result = np.full(len(np.atleast_2d(q)), np.inf)
        if self.pairs:
            for row, q_pin in enumerate(self._configurations(q)):
                nearest = pin.computeDistances(model, data, self._geometry, geometry_data, q_pin)
                result[row] = geometry_data.distanceResults[nearest].min_distance
        return result

    def _configurations(self, q: np.ndarray) -> np.ndarray:
        """Convert configurations to rows that pinocchio reads."""
        return np.atleast_2d(self.robot.to_pinocchio(q))

    def _any_touching(self, q_pin: np.ndarray) -> bool:
        """Check one configuration, up to the first collision; boxes about the shapes go first."""
        if not hasattr(self._local, "manager"):
            model, (_, geometry_data) = self.robot.pinocchio_model, self._data()
            manager = pin.BroadPhaseManager_NaiveCollisionManager
            self._local.manager = manager(model, self._geometry, geometry_data)
        data, _ = self._data()
        model = self.robot.pinocchio_model
        return pin.computeCollisions(model, data, self._local.manager, q_pin, True)

    def _data(self) -> tuple[pin.Data, pin.GeometryData]:
        """Return this thread's work space."""
        if not hasattr(self._local, "data"):
            self._local.data = self.robot.pinocchio_model.createData(), self._geometry.createData()
        return self._local.data

    def _is_distant(self, pair: pin.CollisionPair) -> bool:
        """Tell a pair that is not on the same joint or on neighbouring joints."""
        objects, parents = self._geometry.geometryObjects, self.robot.pinocchio_model.parents
        a, b = objects[pair.first].parentJoint, objects[pair.second].parentJoint
        return a != b and parents[a] != b and parents[b] != a

    def _separable(self) -> list[bool]:
        """Tell for each pair whether its shapes do not overlap by construction."""
        lower, upper = self.robot.lower, self.robot.upper
        generator = np.random.default_rng(0)
        q = generator.uniform(lower, upper, (_NUM_PROBES, self.robot.nq))
        separable = np.any([~self._touching(row) for row in self._configurations(q)], axis=0)
        if self.robot.description.ready:
            separable &= ~self._touching(self._configurations(self.robot.ready)[0])
        return separable.tolist()

    def _touching(self, q_pin: np.ndarray) -> np.ndarray:
        """Tell which pairs touch in one configuration."""
        model, (data, geometry_data) = self.robot.pinocchio_model, self._data()
        pin.computeCollisions(model, data, self._geometry, geometry_data, q_pin, False)
        return np.array([r.isCollision() for r in geometry_data.collisionResults], bool)

    def _keep_pairs(self, keep: list[bool]) -> None:
        """Drop the pairs that are not marked; work spaces are made anew."""
        pairs = list(self._geometry.collisionPairs)
        self._geometry.removeAllCollisionPairs()
        for pair, kept in zip(pairs, keep, strict=True):
            if kept:
                self._geometry.addCollisionPair(pair)
        self._local = threading.local()


def collision_geometry(robot: RobotModel) -> pin.GeometryModel:
    """Read the collision geometry of all links, the locked joints in their place.

    Raises:
        RobotError: If a mesh is missing or the URDF has no collision geometry.
    """
    full = full_model(robot.urdf_text, robot.description)
    directories = [str(path) for path in robot.description.package_dirs]
    kind = pin.GeometryType.COLLISION
    try:
        whole = pin.buildGeomFromUrdfString(full, robot.urdf_text, kind, package_dirs=directories)
    except (ValueError, RuntimeError) as error:
        raise RobotError("robot", robot.name, f"collision geometry that loads ({error})") from None
    _, geometry = lock_joints(full, robot.locked, whole)
    if geometry.ngeoms == 0:
        raise RobotError("robot", robot.name, "a URDF with <collision> geometry")
    return geometry
