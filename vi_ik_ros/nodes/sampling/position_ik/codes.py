# SPDX-License-Identifier: Apache-2.0
"""Which `moveit_msgs/MoveItErrorCodes` an error becomes."""

from enum import IntEnum

from vi_ik_ros.exceptions import RobotError, ViIkError


class Code(IntEnum):
    """The error codes of MoveIt that answers have; numbers of `moveit_msgs/MoveItErrorCodes`."""

    SUCCESS = 1
    FAILURE = 99999
    TIMED_OUT = -6
    INVALID_GROUP_NAME = -15
    INVALID_GOAL_CONSTRAINTS = -16
    INVALID_ROBOT_STATE = -17
    INVALID_LINK_NAME = -18
    FRAME_TRANSFORM_FAILURE = -21
    COLLISION_CHECKING_UNAVAILABLE = -22
    NO_IK_SOLUTION = -31


class Refusal(ViIkError):
    """A request that gets no solution.

    Attributes:
        code: why, in MoveIt's words.
    """

    def __init__(self, code: Code, message: str) -> None:
        """Keep the code; the message is for people."""
        self.code = code
        super().__init__(message)


_OF_FIELD = {
    "targets": Code.INVALID_GOAL_CONSTRAINTS,
    "header.frame_id": Code.FRAME_TRANSFORM_FAILURE,
    "tip_frame": Code.INVALID_LINK_NAME,
    "reference": Code.INVALID_ROBOT_STATE,
}


def code_of(error: ViIkError) -> Code:
    """Return the code of an error: its own, or by its class, or by the field that it names."""
    if isinstance(error, Refusal):
        return error.code
    if isinstance(error, RobotError):  # No collision geometry: all else was read with the model.
        return Code.COLLISION_CHECKING_UNAVAILABLE
    field = str(getattr(error, "field", "")).split("[")[0]
    return _OF_FIELD.get(field, Code.FAILURE)
