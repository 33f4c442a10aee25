# SPDX-License-Identifier: Apache-2.0
"""Find the joints that can turn all the way round, and that nothing counts the turns of."""

import math

import numpy as np

from vi_ik_ros.sampling.experts.densities import NormalCdf
from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.experts.transforms import Configuration
from vi_ik_ros.sampling.models.amortized.turning.turns import Turns

A_TURN = 2.0 * math.pi - 1e-6  # [rad]


def turning_joints(objectives: Objectives) -> Turns:
    """Return the joints of objectives that may be read modulo a turn.

    These are the continuous joints, and those whose limits are a turn or more apart as long as no
    expert tells one of their turns from another, but for the limits themselves.
    """
    robot = objectives.robot
    angles = [False] * robot.tree.num_base + [j.type != "prismatic" for j in robot.tree.joints]
    turns = np.array(angles) & (robot.upper - robot.lower >= A_TURN)
    for expert in objectives.product.experts:
        if isinstance(expert.transform, Configuration) and not _is_limits(expert):
            turns[list(expert.transform.columns)] &= robot.continuous[
                list(expert.transform.columns)
            ]
    joints = tuple(int(i) for i in np.flatnonzero(turns | robot.continuous))
    return Turns(robot.lower, robot.upper, joints)


def _is_limits(expert: Expert) -> bool:
    """Tell whether an expert of configurations is that of the robot's own limits."""
    density, limits = expert.density, expert.transform.limits  # type: ignore[attr-defined]
    if not isinstance(density, NormalCdf) or density.directions is not None or limits is None:
        return False
    bounds = density.lower, density.upper
    return all(np.allclose(b.cpu(), own) for b, own in zip(bounds, limits, strict=True))
