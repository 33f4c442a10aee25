# SPDX-License-Identifier: Apache-2.0
"""Transforms by the name that objectives files use."""

from vi_ik_ros.sampling.experts.transforms.center_of_mass import CenterOfMass
from vi_ik_ros.sampling.experts.transforms.configuration import Configuration
from vi_ik_ros.sampling.experts.transforms.distance import Distance
from vi_ik_ros.sampling.experts.transforms.orientation import Orientation
from vi_ik_ros.sampling.experts.transforms.pose import Pose
from vi_ik_ros.sampling.experts.transforms.pose_matrix import PoseMatrix
from vi_ik_ros.sampling.experts.transforms.position import Position
from vi_ik_ros.sampling.experts.transforms.projection import Projection
from vi_ik_ros.sampling.experts.transforms.relative_position import RelativePosition
from vi_ik_ros.sampling.experts.transforms.transform import Transform

TRANSFORMS: dict[str, type[Transform]] = {
    "configuration": Configuration,
    "position": Position,
    "orientation": Orientation,
    "pose": Pose,
    "pose_matrix": PoseMatrix,
    "relative_position": RelativePosition,
    "center_of_mass": CenterOfMass,
    "distance": Distance,
    "projection": Projection,
}

__all__ = [
    "TRANSFORMS",
    "CenterOfMass",
    "Configuration",
    "Distance",
    "Orientation",
    "Pose",
    "PoseMatrix",
    "Position",
    "Projection",
    "RelativePosition",
    "Transform",
]
