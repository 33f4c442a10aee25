# SPDX-License-Identifier: Apache-2.0
"""The position of a point of one link, seen from another link."""

from dataclasses import dataclass
from typing import ClassVar, Self

from torch import Tensor

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.transforms.position import AXES
from vi_ik_ros.sampling.experts.transforms.transform import Transform


@dataclass(frozen=True)
class RelativePosition(Transform):
    """Coordinates of a point that is fixed in `frame`, in the moving frame `in_frame`.

    Attributes:
        frame: the frame that carries the point.
        in_frame: the frame whose origin and axes measure it.
        axes: which coordinates in `in_frame`, of x, y, z.
        offset: the point in `frame` [m].
    """

    unit: ClassVar[str] = "m"

    frame: str
    in_frame: str
    axes: tuple[str, ...] = AXES
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)

    def __call__(self, state: KinematicState) -> Tensor:
        """Return the coordinates, (B, len(axes)) [m]."""
        T_root_a, T_root_b = state.T_root_frame[self.in_frame], state.T_root_frame[self.frame]
        offset = T_root_b[..., :3, :3] @ T_root_b.new_tensor(self.offset)
        arm = T_root_b[..., :3, 3] + offset - T_root_a[..., :3, 3]  # (B, 3), in the root's axes
        point = (T_root_a[..., :3, :3].mT @ arm.unsqueeze(-1)).squeeze(-1)
        return point if self.axes == AXES else point[..., [AXES.index(a) for a in self.axes]]

    @classmethod
    def from_fields(cls, fields: Fields, robot: RobotModel) -> Self:
        """Read `frame`, `in_frame`, `axes` (all by default) and `offset` (none by default)."""
        fields.allow("type", "frame", "in_frame", "axes", "offset")
        frame = fields.name("frame", robot.frame_names)
        in_frame = fields.name("in_frame", robot.frame_names)
        if robot.frame(frame)[0] == robot.frame(in_frame)[0]:
            fields.fail("in_frame", f"a frame that a joint moves against {frame}")
        axes = fields.names("axes", AXES, default=AXES)
        offset = fields.numbers("offset", 3)
        return cls(frame, in_frame, axes, (0.0, 0.0, 0.0) if offset is None else offset)

    @property
    def frames(self) -> tuple[str, ...]:
        """Both frames."""
        return (self.in_frame, self.frame)

    @property
    def expressed_in(self) -> str:
        """The measuring frame, not the root."""
        return self.in_frame

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.axes)
