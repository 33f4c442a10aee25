# SPDX-License-Identifier: Apache-2.0
"""The scene of an episode: a plate with the recess of a screw, a tool on springs, a servo."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from typing import Annotated, cast

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.skills.plants.scene.parts import (
    ForceTorque,
    Plate,
    Pose,
    Recess,
    Servo,
    Tool,
    Uncertainty,
    Workspace,
)
from vi_ik_ros.skills.plants.scene.reading import Within


class Stream(IntEnum):
    """What is random in an episode; each has a generator of its own."""

    SCENE = 0
    NOISE = 1


def generator(seed: int, stream: Stream) -> np.random.Generator:
    """Return the generator of one stream of an episode."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(stream),)))


@dataclass(frozen=True)
class Scene:
    """Everything that a simulation needs to know.

    Attributes:
        name: of the scene.
        plate: the workpiece.
        recess: in it.
        tool: that touches it.
        friction: coefficient, of tool on plate.
        servo: of the robot.
        control_rate: of commands [Hz].
        delay_ticks: control periods until a command has an effect.
        force_torque: the sensor.
        uncertainty: of the plate's pose.
        workspace: of the tool centre point.
        start: pose of the tool centre point in base_link where episodes begin:
            x y z [m] qx qy qz qw.
    """

    name: str
    plate: Plate
    recess: Recess
    tool: Tool
    friction: Annotated[float, Within(0.0, 2.0, "")]
    servo: Servo
    control_rate: Annotated[int, Within(1, 1000, "Hz")]
    delay_ticks: Annotated[int, Within(0, 50, "control periods")]
    force_torque: ForceTorque
    uncertainty: Uncertainty
    workspace: Workspace
    start: Pose

    def __post_init__(self) -> None:
        """Refuse geometry that cannot be."""
        depth, thickness = self.recess.depth, self.plate.size[2]
        if depth >= thickness:
            raise InvalidInput("scene.recess.depth", depth, f"less than the plate, {thickness} m")
        if self.recess.width > self.recess.length:
            expected = f"at most recess.length, {self.recess.length} m"
            raise InvalidInput("scene.recess.width", self.recess.width, expected)
        if self.recess.length >= min(self.plate.size[:2]):
            expected = f"less than the sides of the plate, {min(self.plate.size[:2])} m"
            raise InvalidInput("scene.recess.length", self.recess.length, expected)
        box = zip("xyz", self.workspace.lower, self.start, self.workspace.upper, strict=False)
        for axis, low, value, high in box:
            if not low < value < high:
                expected = f"{axis} inside of the workspace, {low} to {high} m"
                raise InvalidInput("scene.start", value, expected)

    def drawn(self, seed: int) -> "Scene":
        """Return the scene of an episode: its plate is where it is, with no uncertainty left.

        Args:
            seed: of the episode.
        """
        rng, unsure = generator(seed, Stream.SCENE), self.uncertainty
        x = rng.uniform(-1.0, 1.0) * unsure.x
        y, z, yaw = rng.normal(size=3) * (unsure.y_std, unsure.z_std, unsure.yaw_std)
        turn = (0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw))
        T = pose_to_matrix(np.array(self.plate.pose)) @ pose_to_matrix(np.array([x, y, z, *turn]))
        plate = replace(self.plate, pose=cast(Pose, tuple(matrix_to_pose(T).tolist())))
        return replace(self, plate=plate, uncertainty=Uncertainty(0.0, 0.0, 0.0, 0.0))

    def plain(self) -> dict:
        """Return the same as the values of a YAML file; `read` makes a scene of them again."""
        return json.loads(json.dumps(asdict(self)))

    @property
    def digest(self) -> str:
        """Hexadecimal digest of all values, by which records tell scenes apart."""
        return hashlib.sha256(json.dumps(self.plain(), sort_keys=True).encode()).hexdigest()
