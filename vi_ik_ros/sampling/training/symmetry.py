# SPDX-License-Identifier: Apache-2.0
"""Find what the first and the last joint of a chain explain by themselves."""

import math
from dataclasses import replace
from itertools import product as grid

import numpy as np
from torch import Tensor

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.models.amortized.context_features import (
    PLACED,
    AxisSymmetry,
    ContextFeatures,
)

CONE = math.cos(math.radians(30))  # around a pole: the tool directions that it would disturb


def find_symmetry(
    objectives: Objectives, contexts: Tensor, turning: tuple[int, ...] = ()
) -> AxisSymmetry:
    """Return the symmetry of the first context entry, empty where there is none.

    Args:
        objectives: robot, target and context entries.
        contexts: (n, dc) sample of context rows; the pole is put where they are rare.
        turning: joints that are read modulo a turn, whatever their limits.
    """
    robot, entries = objectives.robot, objectives.context_entries
    if not entries or entries[0].kind not in PLACED:
        return AxisSymmetry()
    frame = objectives.product.expert(entries[0].objective).transform.frames[0]
    try:
        chain = robot.serial_chain(tip=frame)
    except RobotError:  # a floating base or a branched path has no such symmetry
        return AxisSymmetry()
    # A joint explains a rotation if it reaches each of its angles once.
    once = (chain.upper - chain.lower <= 2 * math.pi + 1e-6) | np.isin(chain.columns, turning)
    turns = ~chain.prismatic & once
    if not len(turns):
        return AxisSymmetry()
    with_last = entries[0].kind == "pose" and len(turns) > 1 and turns[-1]
    symmetry = AxisSymmetry(
        first=int(chain.columns[0]) if turns[0] else None,
        last=int(chain.columns[-1]) if with_last else None,
        T_first_root=np.linalg.inv(chain.T_parent_joint[0]).tolist(),
        T_tip_last=np.linalg.inv(chain.T_last_tip).tolist(),
    )
    if not with_last:
        return symmetry
    features = ContextFeatures([(e.kind, e.size) for e in entries], len(robot.lower), symmetry, 1.0)
    return replace(symmetry, pole=_rarest_pole(features, contexts))


def reach(objectives: Objectives, symmetry: AxisSymmetry, contexts: Tensor) -> float:
    """Return the largest distance of the first target in contexts (n, dc) from the first joint.

    For an entry without a place in space, the largest norm of its values.
    """
    entry = objectives.context_entries[0]
    if entry.kind not in PLACED:
        return float(contexts[:, : entry.size].norm(dim=-1).max())
    T_first_root = contexts.new_tensor(symmetry.T_first_root)
    positions = contexts[:, :3] @ T_first_root[:3, :3].T + T_first_root[:3, 3]
    return float(positions.norm(dim=-1).max())


def _rarest_pole(features: ContextFeatures, contexts: Tensor) -> list[float]:
    """Return the pole whose opposite, where the spin jumps, the tool direction comes near least."""
    directions = features.tool_directions(contexts[:, :7].double().numpy())  # (n, 3)
    candidates = np.array([c for c in grid((-1.0, 0.0, 1.0), repeat=3) if any(c)])
    candidates /= np.linalg.norm(candidates, axis=-1, keepdims=True)
    disturbed = (directions @ -candidates.T > CONE).sum(0)
    return candidates[disturbed.argmin()].tolist()
