# SPDX-License-Identifier: Apache-2.0
"""Transforms by the name that objectives files use."""

from vi_ik_ros.sampling.experts.transforms.configuration import Configuration
from vi_ik_ros.sampling.experts.transforms.orientation import Orientation
from vi_ik_ros.sampling.experts.transforms.pose import Pose
from vi_ik_ros.sampling.experts.transforms.position import Position
from vi_ik_ros.sampling.experts.transforms.transform import Transform

TRANSFORMS: dict[str, type[Transform]] = {
    "configuration": Configuration,
    "position": Position,
    "orientation": Orientation,
    "pose": Pose,
}

__all__ = ["TRANSFORMS", "Configuration", "Orientation", "Pose", "Position", "Transform"]
