# SPDX-License-Identifier: Apache-2.0
"""Why a plant stops, and which of the reasons speak against the parameters of an episode."""

import math
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """The reasons, by the names that status messages carry."""

    HARD_FORCE = "hard_force"  # a measured force beyond the hard limit
    WORKSPACE = "workspace"  # the tool would leave its box
    OFFSET_BUDGET = "offset_budget"  # too far from where the deviations began
    DEADMAN = "deadman"  # no command for too long
    STALE_WRENCH = "stale_wrench"
    STALE_POSE = "stale_pose"
    NOT_A_NUMBER = "not_a_number"  # in a command or a measurement
    FRAME = "frame"  # of a command, unknown
    TRANSPORT = "transport"  # a connection was lost, or what came over it makes no sense
    CONTROLLER = "controller"  # the robot's own controller reports an error or a pause
    OPERATOR_STOP = "operator_stop"
    KINEMATICS = "kinematics"  # a joint limit or a singularity was crossed


CONSTRAINTS = frozenset({FaultKind.HARD_FORCE, FaultKind.WORKSPACE, FaultKind.OFFSET_BUDGET})


@dataclass(frozen=True)
class Fault:
    """One latched reason.

    Attributes:
        kind: which one.
        message: one line with the value and the limit.
        value: what was measured, in the unit of the limit; NaN if it is no number.
    """

    kind: FaultKind
    message: str
    value: float = math.nan

    @property
    def is_constraint(self) -> bool:
        """Whether it is a failure of the episode's parameters; any other makes it invalid."""
        return self.kind in CONSTRAINTS
