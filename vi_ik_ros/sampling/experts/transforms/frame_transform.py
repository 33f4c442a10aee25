# SPDX-License-Identifier: Apache-2.0
"""What transforms that look at the pose of one frame share."""

from dataclasses import dataclass
from typing import Self

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.transforms.transform import Transform


@dataclass(frozen=True)
class FrameTransform(Transform):
    """A view of the pose of one frame in the root frame of the robot.

    Attributes:
        frame: the frame.
    """

    frame: str

    @classmethod
    def from_fields(cls, fields: Fields, robot: RobotModel) -> Self:
        """Read `frame`."""
        fields.allow("type", "frame")
        return cls(fields.name("frame", robot.frame_names))

    @property
    def frames(self) -> tuple[str, ...]:
        """The one frame."""
        return (self.frame,)
