# SPDX-License-Identifier: Apache-2.0
"""The objectives of an arm of which nothing is known but its URDF: its tip at a given place."""

from collections.abc import Sequence

from vi_ik_ros.kinematics.robot_model import RobotModel

POSITION_STD, ORIENTATION_STD = 0.005, 0.02  # [m], [rad]; how near the tip comes unrefined
LIMIT_STD = 0.05  # [rad or m], softness of the limits


def reach_document(
    robot: RobotModel,
    *,
    tip: str | None = None,
    position_only: bool = False,
    axes: Sequence[str] = (),
) -> dict[str, object]:
    """Return an objectives file as a mapping: the tip at the context's pose, inside the limits.

    Args:
        robot: the arm, loaded by an alias, a path or a mapping.
        tip: the link that is placed; the robot's own by default.
        position_only: leave the orientation open.
        axes: those of the position that the context gives, x y z; all by default.
    """
    frame = tip or robot.tip
    transform: dict[str, object] = {"type": "pose", "frame": frame}
    std: object = {"position": POSITION_STD, "orientation": ORIENTATION_STD}
    if position_only:
        transform, std = {"type": "position", "frame": frame}, POSITION_STD
        if axes:
            transform["axes"] = list(axes)
    spec = robot.spec if isinstance(robot.spec, str) else dict(robot.spec)
    limits = {"lower": "joint_limits", "upper": "joint_limits", "std": LIMIT_STD}
    return {
        "robot": spec,
        "objectives": [
            {"name": "tip", "transform": transform, "density": {"type": "normal", "std": std}},
            {
                "name": "joint_limits",
                "transform": {"type": "configuration"},
                "density": {"type": "normal_cdf", **limits},
            },
        ],
        "context": [
            {"objective": "tip", "field": "mean", "distribution": {"type": "reachable"}},
        ],
    }
