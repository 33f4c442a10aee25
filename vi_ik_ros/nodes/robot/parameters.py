# SPDX-License-Identifier: Apache-2.0
"""The parameters of the robot interface node."""

from dataclasses import dataclass, fields

from vi_ik_ros.nodes.parameters import parameter
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.scene import Scene


@dataclass(frozen=True)
class RobotInterfaceParameters:
    """What the robot interface node can be told at start; restart it to change one.

    The fields that have the names of `Limits` are its limits; the workspace is the scene's.
    """

    backend: str = parameter("analytic", "What is behind the topics: analytic, mujoco or comau.")
    scene: str = parameter(
        "screw_slot",
        "Scene, a name in config/scenes or a path: workspace, tool and plate, of robots as well.",
    )
    robot: str = parameter("racer5", "Arm whose joints follow the tool: alias or path.")
    seed: int = parameter(
        0, "Of the first episode of a simulation; each go_start takes the next.", minimum=0
    )
    lock_step: bool = parameter(
        False, "Simulations: time passes only in calls of sim/step, not by the clock."
    )
    comau_file: str = parameter(
        "", "YAML file with the parameters of a COMAU cell; see config/comau_cell.yaml."
    )
    wrench_topic: str = parameter(
        "force_torque_sensor", "Topic (WrenchStamped) of a COMAU cell's force sensor."
    )
    speed: float = parameter(Limits.speed, "Largest speed [m/s].", minimum=1e-6, maximum=1.0)
    angular_speed: float = parameter(
        Limits.angular_speed, "Largest angular speed [rad/s].", minimum=1e-6, maximum=3.0
    )
    step: float = parameter(
        Limits.step, "Largest displacement in one control period [m].", minimum=1e-7, maximum=0.02
    )
    angular_step: float = parameter(
        Limits.angular_step, "Largest rotation in one control period [rad].", minimum=1e-7
    )
    offset: float = parameter(
        Limits.offset, "Largest displacement since enabling [m].", minimum=1e-4, maximum=1.0
    )
    angular_offset: float = parameter(
        Limits.angular_offset, "Largest rotation since enabling [rad].", minimum=1e-4, maximum=3.0
    )
    overshoot: float = parameter(
        Limits.overshoot, "How far the tool may be seen outside of the workspace [m].", minimum=1e-6
    )
    hard_force: float = parameter(
        Limits.hard_force, "Measured force that stops everything [N].", minimum=0.1, maximum=1e4
    )
    hold_after: float = parameter(
        Limits.hold_after, "Silence after which the tool stands still [s].", minimum=0.001
    )
    deadman_after: float = parameter(
        Limits.deadman_after, "Silence that is a fault [s].", minimum=0.001, maximum=10.0
    )
    wrench_age: float = parameter(
        Limits.wrench_age, "Age of a wrench that is a fault [s].", minimum=0.001, maximum=10.0
    )
    pose_age: float = parameter(
        Limits.pose_age, "Age of a pose that is a fault [s].", minimum=0.001, maximum=10.0
    )
    force_noise: float = parameter(
        WrenchSettings.force_noise,
        "Standard deviation of a force axis at rest [N]; a tare refuses 3 times that.",
        minimum=1e-6,
    )
    tare_duration: float = parameter(
        WrenchSettings.tare_duration, "Of the samples of a tare [s].", minimum=1.0, maximum=60.0
    )
    tare_force: float = parameter(
        WrenchSettings.tare_force,
        "Largest mean force that a tare takes away [N]: more is a loaded tool. Add the tool's own "
        "weight where the sensor feels it.",
        minimum=1e-3,
    )
    least_singular_value: float = parameter(
        0.02, "Of the arm's Jacobian [m, rad]: below is a fault.", minimum=0.0, maximum=1.0
    )
    retract_distance: float = parameter(
        0.01, "That go_start moves off the surface of a real plate [m].", minimum=0.005, maximum=0.5
    )
    retract_speed: float = parameter(0.01, "Of that [m/s].", minimum=1e-4, maximum=0.01)

    def limits(self, scene: Scene) -> Limits:
        """Return the limits, with the workspace of a scene."""
        own = {one.name for one in fields(self)}
        given = {one.name for one in fields(Limits)} & own
        box = scene.workspace
        values = {name: getattr(self, name) for name in given}
        return Limits(**values, lower=box.lower, upper=box.upper)

    @property
    def wrench(self) -> WrenchSettings:
        """What a tare accepts."""
        return WrenchSettings(
            force_noise=self.force_noise,
            tare_duration=self.tare_duration,
            tare_force=self.tare_force,
        )
