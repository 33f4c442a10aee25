# SPDX-License-Identifier: Apache-2.0
"""Pictures of an episode: the tip of the tool over the recess of a plate that is cut open."""

import importlib
from types import TracebackType
from typing import Self

import numpy as np

from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.viewer.scene_pictures.caption import with_caption
from vi_ik_ros.viewer.scene_pictures.close_up import (
    AZIMUTH,
    ELEVATION,
    CloseUp,
    before_section,
    close_up,
)
from vi_ik_ros.viewer.scene_pictures.offscreen import Offscreen
from vi_ik_ros.viewer.scene_pictures.picture_model import (
    MILLIMETRES,
    picture_assets,
    picture_xml,
)

ARROW_HEIGHT = 0.5  # of the picture, for a force of `full_force`
ARROW_WIDTH, ARROW_COLOR = 0.011, (0.78, 0.16, 0.15, 1.0)  # of the height of the picture
ARROW_ROOM = 0.6  # [mm], between the section and an arrow before it


class SceneRenderer:
    """Draws the scene of a plant as it is now; a context manager.

    Pictures are in the frame of the plate, which is cut open at an end of the blade. The camera
    keeps tip and recess in view, and comes nearer as they do.

    Args:
        plant: whose scene is drawn; another plate, recess or tool needs another renderer.
        width: of pictures [pixels].
        height: the same.
        full_force: at the end of the gauge; its arrow is half as high as the picture [N].

    Raises:
        InvalidInput: there is no OpenGL here.
    """

    def __init__(
        self,
        plant: MujocoPlant,
        *,
        width: int = 640,
        height: int = 480,
        full_force: float = 20.0,
    ) -> None:
        self._mujoco = importlib.import_module("mujoco")
        self._plant, self._full_force = plant, full_force
        self._aspect = width / height
        self._model = self._mujoco.MjModel.from_xml_string(
            picture_xml(plant.scene, width, height), picture_assets()
        )
        self._data = self._mujoco.MjData(self._model)
        self._scene = self._mujoco.MjvScene(self._model, maxgeom=100)
        self._camera, self._option = self._mujoco.MjvCamera(), self._mujoco.MjvOption()
        self._camera.azimuth, self._camera.elevation = AZIMUTH, ELEVATION
        self._offscreen = Offscreen(self._model)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give everything back."""
        self.close()

    def close(self) -> None:
        """Give everything back."""
        self._offscreen.close()

    def image(
        self, label: str = "", *, time: float | None = None, force: np.ndarray | None = None
    ) -> np.ndarray:
        """Draw the scene.

        Args:
            label: of what is done, such as the name of the primitive.
            time: of the episode [s].
            force: (3,) of the plate on the tool, along the axes of the tool [N].

        Returns:
            (height, width, 3) uint8.
        """
        T_plate_tool = self._T_plate_tool()
        view = close_up(self._plant.scene, T_plate_tool[:3, 3], self._aspect)
        self._update(T_plate_tool, view)
        if force is not None:
            self._add_arrow(T_plate_tool, force, view.height)
        pixels = self._offscreen.image(self._scene)
        norm = None if force is None else float(np.linalg.norm(force))
        return with_caption(pixels, label, time=time, force=norm, full_force=self._full_force)

    def _T_plate_tool(self) -> np.ndarray:
        """Return where the tip is (4, 4), on its springs [mm]."""
        data = self._plant.contact.data
        plate, tool = data.body("plate"), data.body("tool")
        R_plate_base = plate.xmat.reshape(3, 3).T
        T = np.eye(4)
        T[:3, :3] = R_plate_base @ tool.xmat.reshape(3, 3)
        T[:3, 3] = MILLIMETRES * (R_plate_base @ (tool.xpos - plate.xpos))
        return T

    def _update(self, T_plate_tool: np.ndarray, view: CloseUp) -> None:
        """Put the tool where it is, and the camera."""
        self._data.mocap_pos[0] = T_plate_tool[:3, 3]
        self._mujoco.mju_mat2Quat(self._data.mocap_quat[0], T_plate_tool[:3, :3].flatten())
        self._mujoco.mj_forward(self._model, self._data)
        self._camera.lookat[:], self._camera.distance = view.center, view.distance
        everything = self._mujoco.mjtCatBit.mjCAT_ALL.value
        self._mujoco.mjv_updateScene(
            self._model, self._data, self._option, None, self._camera, everything, self._scene
        )

    def _add_arrow(self, T_plate_tool: np.ndarray, force: np.ndarray, height: float) -> None:
        """Add a force on the near end of the blade."""
        arrow = ARROW_HEIGHT * height * (T_plate_tool[:3, :3] @ force) / self._full_force
        width = ARROW_WIDTH * height
        if np.linalg.norm(arrow) < 3.0 * width:
            return
        half = 0.5 * MILLIMETRES * self._plant.scene.tool.blade
        ends = [(T_plate_tool @ (0.0, y, 0.0, 1.0))[:3] for y in (-half, half)]
        near = min(ends, key=lambda end: float(end[1]))
        head = before_section(self._plant.scene, near, ARROW_ROOM)
        geom, kind = self._scene.geoms[self._scene.ngeom], self._mujoco.mjtGeom.mjGEOM_ARROW
        zero, color = np.zeros(3), np.array(ARROW_COLOR, np.float32)
        self._mujoco.mjv_initGeom(geom, kind, zero, zero, np.eye(3).flatten(), color)
        # MuJoCo draws half of the way from one point to the other.
        self._mujoco.mjv_connector(geom, kind, width, head - arrow, head + arrow)
        geom.castshadow = 0
        self._scene.ngeom += 1
