# SPDX-License-Identifier: Apache-2.0
"""A plant with what a node must know of it besides."""

from dataclasses import dataclass, field, replace

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.robot.backends.comau_file import load_comau_file
from vi_ik_ros.nodes.robot.parameters import RobotInterfaceParameters
from vi_ik_ros.skills.plants.comau.comau_plant import ComauPlant
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.wire.controller_state import Selector
from vi_ik_ros.skills.plants.comau.wrench_source import QueuedWrenches
from vi_ik_ros.skills.plants.plant import Plant
from vi_ik_ros.skills.plants.scene import Scene, load_scene

BACKENDS = ("analytic", "mujoco", "comau")
TOOL_LENGTH = 1e-3  # [m] that scene and cell may differ by


@dataclass
class Backend:
    """What is behind the topics.

    Attributes:
        name: as in the parameter.
        plant: the one that everything ends at.
        robot: the arm.
        scene: the present one; of a robot, what is known of its cell.
        T_flange_tcp: (4, 4) tool centre point in the flange.
        comau: the plant of a COMAU arm, None of a simulation.
        cell: its parameters.
        wrenches: where the samples of its force sensor go.
    """

    name: str
    plant: Plant
    robot: RobotModel
    scene: Scene
    T_flange_tcp: np.ndarray
    comau: ComauPlant | None = None
    cell: ComauParameters | None = None
    wrenches: QueuedWrenches = field(default_factory=QueuedWrenches)

    @property
    def is_simulation(self) -> bool:
        """Whether time may pass as one likes."""
        return self.comau is None

    @property
    def drive_on(self) -> bool:
        """Whether the drives have power; those of a simulation always do."""
        if self.comau is None:
            return True
        state = self.comau.controller_state
        return state is not None and Selector.DRIVE_ON in state.selector

    @property
    def error_bits(self) -> int:
        """The errors of the robot's own controller."""
        state = None if self.comau is None else self.comau.controller_state
        return 0 if state is None else int(state.errors)


def make_backend(settings: RobotInterfaceParameters) -> Backend:
    """Make what the parameters name; nothing moves or connects yet.

    Raises:
        InvalidInput: a parameter, the scene or the cell's file cannot be used.
    """
    if settings.backend not in BACKENDS:
        expected = f"one of {', '.join(BACKENDS)}"
        raise InvalidInput("parameter backend", settings.backend, expected)
    scene, robot = load_scene(settings.scene), RobotModel.load(settings.robot)
    if settings.backend == "comau":
        return _comau(settings, scene, robot)
    length = scene.tool.flange_to_tip
    # Turned by half a turn, scenes start where the arm's usual posture has its flange.
    T_flange_tcp = pose_to_matrix(np.array([0.0, 0.0, length, 0.0, 0.0, 1.0, 0.0]))
    return Backend(
        settings.backend, _simulation(settings.backend, scene), robot, scene, T_flange_tcp
    )


def _simulation(name: str, scene: Scene) -> Plant:
    if name == "mujoco":
        from vi_ik_ros.skills.plants.mujoco import MujocoPlant

        return MujocoPlant(scene)
    from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant

    return AnalyticPlant(scene)


def _comau(settings: RobotInterfaceParameters, scene: Scene, robot: RobotModel) -> Backend:
    """Make a COMAU arm that arms wherever it stands: only go_start goes to its start."""
    if settings.lock_step:
        raise InvalidInput("parameter lock_step", True, "false: a robot's time cannot be stopped")
    cell = load_comau_file(settings.comau_file)
    length = float(np.linalg.norm(cell.tcp[:3]))
    if abs(length - scene.tool.flange_to_tip) > TOOL_LENGTH:
        expected = f"{scene.tool.flange_to_tip} m from the flange, as in the scene"
        raise InvalidInput("comau.tcp", list(cell.tcp[:3]), expected)
    wrenches = QueuedWrenches()
    plant = ComauPlant(replace(cell, start=()), wrenches, robot=robot)
    T_flange_tcp = cell.T_flange_tcp
    return Backend("comau", plant, robot, scene, T_flange_tcp, plant, cell, wrenches)
