# SPDX-License-Identifier: Apache-2.0
"""A simulation with hard contacts."""

import importlib
import os
from types import ModuleType

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.mujoco.mujoco_xml import model_xml
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.simulated_plant import SimulatedPlant
from vi_ik_ros.skills.plants.vectors.rotation_vectors import euler_xyz


class MujocoPlant(SimulatedPlant):
    """A simulation with MuJoCo: a compliant tool, hard contact with friction.

    Args:
        scene: what is simulated.
        refinement: whole number by which the time step is divided.
    """

    def __init__(self, scene: Scene, *, refinement: int = 1) -> None:
        self.contact = MujocoContact()
        super().__init__(scene, self.contact, refinement=refinement)


class MujocoContact:
    """The mechanics; `model` and `data` are MuJoCo's own, for pictures.

    The flange is a mass on three slides and three hinges whose servos follow the reference. A
    model is compiled once and goes on to serve scenes that differ in poses only.
    """

    def __init__(self) -> None:
        self._mujoco = _import_mujoco()
        self._compiled: str | None = None

    def place(self, scene: Scene, time_step: float) -> None:
        """Put everything where it begins, at rest; see Contact."""
        xml = model_xml(scene, time_step)
        if xml != self._compiled:
            self._compile(xml)
        self._T_base_start = pose_to_matrix(np.array(scene.start))
        self._put("plate", np.array(scene.plate.pose))
        self._put("flange", np.array([*scene.start[:3], 0.0, 0.0, 0.0, 1.0]))
        self._put("tool", np.array([0.0, 0.0, 0.0, *scene.start[3:]]))
        self._mujoco.mj_resetData(self.model, self.data)
        self._mujoco.mj_forward(self.model, self.data)

    def follow(self, displacement: np.ndarray, rotation: np.ndarray) -> None:
        """Take a new reference; see Contact."""
        self._reference[:3] = displacement
        self._reference[3:] = euler_xyz(rotation)

    def advance(self, num_steps: int) -> None:
        """Let time steps pass; see Contact."""
        self._mujoco.mj_step(self.model, self.data, num_steps)

    def wrench(self) -> np.ndarray:
        """Return force and torque of the plate on the tool; see Contact."""
        return -self._measured

    def T_base_tcp(self) -> np.ndarray:
        """Return the pose that the robot knows; see Contact."""
        T = self._T_base_start.copy()
        T[:3, :3] = self._R_base_flange @ T[:3, :3]
        T[:3, 3] = self._flange_position
        return T

    def _compile(self, xml: str) -> None:
        """Make the model, and views of what every tick writes and reads."""
        self._compiled = xml
        self.model = self._mujoco.MjModel.from_xml_string(xml)
        self.data = self._mujoco.MjData(self.model)
        self._reference, self._measured = self.data.ctrl, self.data.sensordata
        flange = self.data.body("flange")
        self._flange_position, self._R_base_flange = flange.xpos, flange.xmat.reshape(3, 3)

    def _put(self, name: str, pose: np.ndarray) -> None:
        """Set where a body is in its parent, without compiling anew."""
        body = self.model.body(name)
        body.pos, body.quat = pose[:3], pose[[6, 3, 4, 5]]  # w x y z


def _import_mujoco() -> ModuleType:
    """Import the engine, which nothing else here needs."""
    try:
        return importlib.import_module("mujoco")
    except ImportError as error:
        expected = f"the package mujoco ({error}); pip install mujoco, or backend analytic"
        raise InvalidInput("backend", "mujoco", expected) from None
    except (AttributeError, RuntimeError) as error:  # of its OpenGL, which it imports as well
        expected = f"nothing, or an OpenGL that is installed: egl, osmesa or glfw ({error})"
        raise InvalidInput("MUJOCO_GL", os.environ.get("MUJOCO_GL", ""), expected) from None
