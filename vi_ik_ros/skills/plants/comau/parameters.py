# SPDX-License-Identifier: Apache-2.0
"""Everything about a COMAU cell that its integrator must say."""

import math
from dataclasses import dataclass, fields

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.comau.wire.packets import SensorSettings

RELATIVE_TYPES = range(5, 10)
ABSOLUTE_TYPES = range(10, 14)
DEVIATION_FRAMES = ("base_link", "flange")
ROTATION_ORDERS = ("none", "xyz", "zyx")
_AT_LEAST_ONE = ("sensor_gain", "ticks_per_message", "translation_limit", "rotation_limit")


@dataclass(frozen=True)
class ComauParameters:
    """How to reach a controller, and how it takes deviations.

    The first four have no default. Three of them are facts about the controller that public
    sources do not settle; docs/comau.md says how to measure them.

    Attributes:
        host: name or address of the controller.
        sensor_type: number of its sensor tracking: 5 to 9 take relative deviations, 10 to 13
            absolute ones. Which number means which frame is unverified.
        deviation_frame: along whose axes it takes deviations under that number: `base_link` or
            `flange`.
        rotation_order: which axes the last three numbers of a deviation turn about: `xyz`, `zyx`,
            or `none` to send none; commanded rotations are then cut off and reported.
        motion_port, state_port, command_port: of its three servers.
        sensor_conversion: `$SENSOR_CNVRSN`; 1 means millimetres.
        sensor_gain: `$SENSOR_GAIN` [%].
        sensor_time: `$SENSOR_TIME` [ms].
        translation_limit: `$SENSOR_OFST_LIM[1]` [mm], the controller's own offset budget.
        rotation_limit: `$SENSOR_OFST_LIM[2]`, unit unverified; in degrees it would be 0.2 rad.
        rotation_unit: of the last three numbers of a deviation [rad]; unverified.
        tcp: pose of the tool centre point in the flange, x y z qx qy qz qw [m].
        num_joints: of the arm.
        joint_move_type: the controller's number for a joint interpolated path.
        start: configuration where episodes start [rad]; empty: wherever the arm stands.
        start_speed: part of full speed on the way there, up to 1.
        control_period: of `tick` [s].
        wrench_period: of the force sensor [s].
        ticks_per_message: ticks whose deviations go into one message. The controller takes one
            message in a little more than 20 ms and forgets the one before: with relative
            deviations, 2 makes sure that none is lost.
        pose_timeout: after which a state is stale [s].
        controller_clock: unit of the time in a state [s]; 0: do not look at it.
        max_pose_step: that the flange may be moved between two states while tracking [m].
        max_lag: of the flange behind where it was sent [m]. It trips when the robot does not move,
            and when it moves along other axes than `deviation_frame` says.
        max_lag_angle: the same of its orientation [rad].
        connect_timeout: for one connection [s].
        answer_timeout: for the controller to take a command [s].
        arming_time: from the first deviation until the tracking is on [s].
        path_timeout: for a path to end [s].
    """

    host: str
    sensor_type: int
    deviation_frame: str
    rotation_order: str
    motion_port: int = 1101
    state_port: int = 1104
    command_port: int = 1105
    sensor_conversion: int = 1
    sensor_gain: int = 100
    sensor_time: int = 0
    translation_limit: int = 60
    rotation_limit: int = 12
    rotation_unit: float = math.pi / 180.0
    tcp: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    num_joints: int = 6
    joint_move_type: int = 10
    start: tuple[float, ...] = ()
    start_speed: float = 0.1
    control_period: float = 0.02
    wrench_period: float = 1.0 / 170.0
    ticks_per_message: int = 1
    pose_timeout: float = 0.1
    controller_clock: float = 1.0
    max_pose_step: float = 0.02
    max_lag: float = 0.02
    max_lag_angle: float = 0.1
    connect_timeout: float = 2.0
    answer_timeout: float = 2.0
    arming_time: float = 0.2
    path_timeout: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        types = [*RELATIVE_TYPES, *ABSOLUTE_TYPES]
        self._require("sensor_type", self.sensor_type in types, "5 to 9 or 10 to 13")
        frames, orders = DEVIATION_FRAMES, ROTATION_ORDERS
        self._require("deviation_frame", self.deviation_frame in frames, _one_of(frames))
        self._require("rotation_order", self.rotation_order in orders, _one_of(orders))
        self._require("num_joints", 1 <= self.num_joints <= 10, "1 to 10")
        self._require("start", len(self.start) in (0, self.num_joints), "one angle a joint, or ()")
        self._require("start_speed", 0.0 < self.start_speed <= 1.0, "above 0, at most 1")
        self._require("tcp", len(self.tcp) == 7, "x y z qx qy qz qw")
        norm = float(np.linalg.norm(self.tcp[3:]))
        self._require("tcp", abs(norm - 1.0) <= 1e-3, "a quaternion of norm 1 within 1e-3")
        for name in _AT_LEAST_ONE:
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float):
                least = 0.0 if field.name == "controller_clock" else 1e-9
                self._require(field.name, least <= value < math.inf, "a positive number")

    @property
    def absolute(self) -> bool:
        """Whether deviations count from where the tracking was armed."""
        return self.sensor_type in ABSOLUTE_TYPES

    @property
    def T_flange_tcp(self) -> np.ndarray:
        """The pose (4, 4) of the tool centre point in the flange."""
        return pose_to_matrix(np.array(self.tcp))

    @property
    def sensor(self) -> SensorSettings:
        """What the controller is configured with."""
        return SensorSettings(
            type=self.sensor_type,
            conversion=self.sensor_conversion,
            gain=self.sensor_gain,
            time=self.sensor_time,
            translation_limit=self.translation_limit,
            rotation_limit=self.rotation_limit,
        )

    def _require(self, name: str, good: bool, expected: str) -> None:
        if not good:
            raise InvalidInput(name, getattr(self, name), expected)


def _one_of(names: tuple[str, ...]) -> str:
    return "one of " + ", ".join(names)
