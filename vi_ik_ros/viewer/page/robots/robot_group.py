# SPDX-License-Identifier: Apache-2.0
"""Many copies of one robot in the scene, each in its own configuration and colour."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import viser
from scipy.spatial.transform import Rotation

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.page.robots.link_shapes import LinkShape, shape_poses

Material = Literal["standard", "toon3"]
SHADED: Material = "standard"
DRAWN: Material = "toon3"
BASE_COLOR = np.array([0.80, 0.81, 0.83])  # of what stands still


class RobotGroup:
    """n robots, drawn as one batch for each shape, so an update is a few short messages.

    Attributes:
        count: n, robots shown now.
        handles: of the batches, in the order of the shapes; empty while nothing is shown.
    """

    def __init__(
        self,
        server: viser.ViserServer | viser.ClientHandle,
        name: str,
        robot: RobotModel,
        shapes: Sequence[LinkShape],
        *,
        opacity: float = 1.0,
        material: Material = SHADED,
    ) -> None:
        """Prepare the group; `show` draws it.

        Args:
            server: whose scene it stands in, that of all browsers or of one.
            name: of its node in the scene, such as /samples.
            robot: the robot.
            shapes: of its links.
            opacity: 1 for solid.
            material: SHADED, or DRAWN, which costs a browser without a graphics card half.
        """
        self._server, self._name, self._robot = server, name, robot
        self._shapes, self._opacity, self._material = tuple(shapes), opacity, material
        self.count = 0
        self.handles: list[viser.BatchedMeshHandle] = []

    def show(self, q: np.ndarray, colors: np.ndarray) -> None:
        """Draw configurations in place of what is shown.

        Args:
            q: (n, nq) configurations [rad or m].
            colors: (n, 3) of each robot, in [0, 1].
        """
        with self._server.atomic():
            if len(q) != self.count:
                self.clear()
            if len(q):
                poses = shape_poses(self._robot, self._shapes, q)
                if self.handles:
                    self._move(poses, colors)
                else:
                    self._add(poses, colors)
            self.count = len(q)

    def clear(self) -> None:
        """Take all robots out of the scene."""
        for handle in self.handles:
            handle.remove()
        self.handles, self.count = [], 0

    def _add(self, poses: list[np.ndarray], colors: np.ndarray) -> None:
        for shape, T_root_shape in zip(self._shapes, poses, strict=True):
            self.handles.append(
                self._server.scene.add_batched_meshes_simple(
                    f"{self._name}/{shape.name}",
                    shape.vertices,
                    shape.faces,
                    batched_wxyzs=_wxyz(T_root_shape),
                    batched_positions=T_root_shape[:, :3, 3],
                    batched_colors=self._colors(shape, colors),
                    opacity=None if self._opacity >= 1.0 else self._opacity,
                    material=self._material,
                    lod="off",
                    cast_shadow=False,
                    receive_shadow=False,
                )
            )

    def _move(self, poses: list[np.ndarray], colors: np.ndarray) -> None:
        for shape, handle, T_root_shape in zip(self._shapes, self.handles, poses, strict=True):
            if not shape.stands_still(self._robot):
                handle.batched_positions = T_root_shape[:, :3, 3].astype(np.float32)
                handle.batched_wxyzs = _wxyz(T_root_shape)
            shown = self._colors(shape, colors)
            if not np.array_equal(handle.batched_colors, shown):
                handle.batched_colors = shown

    def _colors(self, shape: LinkShape, colors: np.ndarray) -> np.ndarray:
        """Return colours in 0 to 255, one for each robot, or for what is drawn once."""
        shown = BASE_COLOR[None] if shape.stands_still(self._robot) else colors
        return np.round(255.0 * shown).astype(np.uint8)


def _wxyz(T: np.ndarray) -> np.ndarray:
    """Return the quaternions w x y z (n, 4) of T (n, 4, 4), as the page wants them."""
    quaternions = Rotation.from_matrix(T[:, :3, :3]).as_quat()
    return quaternions[:, [3, 0, 1, 2]].astype(np.float32)
