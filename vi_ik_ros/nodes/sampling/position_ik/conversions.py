# SPDX-License-Identifier: Apache-2.0
"""Between `moveit_msgs/GetPositionIK` and what a solver takes; needs no moveit_msgs itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time

from vi_ik_ros.nodes.sampling.conversions import floats_to_msg, pose_from_msg
from vi_ik_ros.nodes.sampling.position_ik.codes import Code, Refusal

SOURCE = "vi_ik_ros"
NANO = 1e-9
CONSTRAINTS = (
    "joint_constraints",
    "position_constraints",
    "orientation_constraints",
    "visibility_constraints",
)


@dataclass(frozen=True)
class Question:
    """What a planner wants.

    Attributes:
        group: of joints; '' = the default.
        link: that the pose places; '' = the tip.
        frame: of the pose; '' = the base.
        stamp: of the pose, for tf2.
        pose: (7,) x y z qx qy qz qw [m, unit].
        state: position of each joint of the seed state [rad or m]; empty: there is none.
        avoid_collisions: of the robot with itself.
        timeout: [s], 0 = none.
    """

    group: str
    link: str
    frame: str
    stamp: Time
    pose: np.ndarray
    state: dict[str, float]
    avoid_collisions: bool
    timeout: float

    def reference(self, joint_names: Sequence[str]) -> np.ndarray:
        """Return the seed state (nq,) of some joints, (0,) if there is none.

        Raises:
            Refusal: the state lacks one of the joints.
        """
        missing = [name for name in joint_names if name not in self.state]
        if self.state and missing:
            line = f"robot_state.joint_state: no position of {', '.join(missing)}"
            raise Refusal(Code.INVALID_ROBOT_STATE, f"{line}; give all joints of the group or none")
        return np.array([self.state[name] for name in joint_names] if self.state else [])


def question_from_msg(asked: Any) -> Question:  # noqa: ANN401 (an optional package's type)
    """Read a `PositionIKRequest`.

    Raises:
        Refusal: it wants what no answer can keep.
    """
    kinds = [name for name in CONSTRAINTS if getattr(asked.constraints, name)]
    if kinds:
        line = f"constraints: got {', '.join(kinds)}, expected none: write them as objectives"
        raise Refusal(Code.INVALID_GOAL_CONSTRAINTS, line)
    if asked.avoid_collisions and asked.robot_state.attached_collision_objects:
        line = "robot_state.attached_collision_objects: expected none with avoid_collisions"
        raise Refusal(Code.COLLISION_CHECKING_UNAVAILABLE, line)
    poses = list(asked.pose_stamped_vector) or [asked.pose_stamped]
    links = list(asked.ik_link_names) or [asked.ik_link_name] * len(poses)
    if len(poses) != 1 or len(links) != 1:
        line = f"ik_link_names: got {len(links)} with {len(poses)} poses, expected one of each"
        raise Refusal(Code.INVALID_LINK_NAME, line)
    return Question(
        group=asked.group_name,
        link=links[0],
        frame=poses[0].header.frame_id,
        stamp=poses[0].header.stamp,
        pose=pose_from_msg(poses[0].pose),
        state=_state(asked.robot_state.joint_state),
        avoid_collisions=asked.avoid_collisions,
        timeout=max(0.0, asked.timeout.sec + NANO * asked.timeout.nanosec),
    )


def _state(joint_state: Any) -> dict[str, float]:  # noqa: ANN401
    """Return the position of each joint."""
    names, positions = list(joint_state.name), list(joint_state.position)
    if len(names) != len(positions) or not np.isfinite(positions).all():
        got = f"{len(names)} names, positions {positions}"
        line = f"robot_state.joint_state: got {got}, expected a finite position of each"
        raise Refusal(Code.INVALID_ROBOT_STATE, line)
    return dict(zip(names, positions, strict=True))


def solution_to_msg(state: dict[str, float], base: str, asked: Any, response: Any) -> Any:  # noqa: ANN401
    """Fill a `GetPositionIK.Response` with a configuration.

    Args:
        state: position of each joint of the group [rad or m].
        base: base frame of the robot.
        asked: the `PositionIKRequest`, whose further joints come back as they are, in its order.
        response: what is filled and returned.
    """
    before, solution = asked.robot_state, response.solution
    merged = {
        **dict(zip(before.joint_state.name, before.joint_state.position, strict=True)),
        **state,
    }
    solution.joint_state.header.frame_id = base
    solution.joint_state.name = list(merged)
    solution.joint_state.position = floats_to_msg(list(merged.values()))
    solution.multi_dof_joint_state = before.multi_dof_joint_state
    solution.attached_collision_objects = before.attached_collision_objects
    response.error_code.val = int(Code.SUCCESS)
    return response


def refusal_to_msg(code: Code, message: str, response: Any) -> Any:  # noqa: ANN401
    """Fill a response without a solution; distributions before Jazzy have no message in it."""
    response.error_code.val = int(code)
    if hasattr(response.error_code, "message"):
        response.error_code.message, response.error_code.source = message, SOURCE
    return response
