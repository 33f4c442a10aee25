# SPDX-License-Identifier: Apache-2.0
"""What transforms read: configurations and the frame poses that belong to them."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from vi_ik_ros.kinematics.chains.chain import Chain


@dataclass(frozen=True)
class KinematicState:
    """A batch of configurations with the kinematics that several transforms share.

    The product computes it once for each batch, for the union of the frames that its transforms
    ask for, so no expert repeats the forward kinematics of another.

    Attributes:
        q: (B, nq) configurations [rad, m].
        T_root_frame: frame name to (B, 4, 4), its pose in the root frame of the robot.
        chain: the kinematics themselves, for a transform that needs more than frame poses.
    """

    q: Tensor
    T_root_frame: Mapping[str, Tensor]
    chain: Chain


def kinematic_state(chain: Chain, q: Tensor) -> KinematicState:
    """Evaluate the frames of a chain once.

    Args:
        chain: kinematics of the robot with the wanted frames; none are wanted, none computed.
        q: (B, nq) configurations, in the dtype and on the device of the chain.
    """
    if not chain.frames:
        return KinematicState(q, {}, chain)
    T_root_frames = chain.forward(q)  # (B, F, 4, 4)
    poses = {frame: T_root_frames[:, i] for i, frame in enumerate(chain.frames)}
    return KinematicState(q, poses, chain)
