# SPDX-License-Identifier: Apache-2.0
"""OpenGL without a display, for MuJoCo's own renderer."""

import importlib
import os
from ctypes.util import find_library
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    import mujoco

REMEDY = (
    "an OpenGL that works without a display: egl (apt install libegl1 libgl1-mesa-dri)"
    " or osmesa (apt install libosmesa6)"
)


class Offscreen:
    """A buffer that scenes of one model are rendered to.

    The backend is the one that the environment variable MUJOCO_GL names, else EGL, else OSMesa.

    Args:
        model: with the size of the buffer, `vis.global_.offwidth` and `offheight`.
    """

    def __init__(self, model: "mujoco.MjModel") -> None:
        self._mujoco = importlib.import_module("mujoco")
        size = model.vis.global_
        self._rect = self._mujoco.MjrRect(0, 0, size.offwidth, size.offheight)
        name = backend()
        try:
            self._gl = _context_module(name).GLContext(size.offwidth, size.offheight)
            self._gl.make_current()
            scale = self._mujoco.mjtFontScale.mjFONTSCALE_100
            self._context = self._mujoco.MjrContext(model, scale.value)
        except Exception as error:  # each backend fails with types of its own
            raise InvalidInput("MUJOCO_GL", name, f"{REMEDY}: {error}") from None
        buffer = self._mujoco.mjtFramebuffer.mjFB_OFFSCREEN
        self._mujoco.mjr_setBuffer(buffer.value, self._context)

    def image(self, scene: "mujoco.MjvScene") -> np.ndarray:
        """Render a scene as (height, width, 3) uint8."""
        pixels = np.empty((self._rect.height, self._rect.width, 3), np.uint8)
        self._gl.make_current()
        self._mujoco.mjr_render(self._rect, scene, self._context)
        self._mujoco.mjr_readPixels(pixels, None, self._rect, self._context)
        return pixels[::-1]  # OpenGL counts rows from below

    def close(self) -> None:
        """Give everything back."""
        self._gl.make_current()
        self._context.free()
        self._gl.free()


def backend() -> str:
    """Return the name of the OpenGL backend: egl, osmesa or glfw."""
    chosen = os.environ.get("MUJOCO_GL", "").strip().lower()
    if chosen:
        return chosen
    return "osmesa" if find_library("OSMesa") and not find_library("EGL") else "egl"


def _context_module(name: str) -> ModuleType:
    """Import the module of a backend; mujoco itself imports one only, at its own import."""
    return importlib.import_module(f"mujoco.{name}")
