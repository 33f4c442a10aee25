# SPDX-License-Identifier: Apache-2.0
"""The parameters of the skill node."""

from dataclasses import dataclass

from vi_ik_ros.nodes.parameters import parameter


@dataclass(frozen=True)
class SkillParameters:
    """What the skill node can be told at start; restart it to change one."""

    default_skill: str = parameter(
        "screw_insertion", "Skill of goals that name none: a name in config/skills or a path."
    )
    learning_directory: str = parameter(
        "",
        "Directory of the stores of learning runs; empty: $XDG_DATA_HOME/vi_ik_ros/learning.",
    )
    robot: str = parameter(
        "",
        "Prefix of the names of the robot interface, such as /cell; empty: the node's namespace.",
    )
    recover: bool = parameter(
        True, "Retract and return after errors; a simulation that is reset anyway need not."
    )
    pose_timeout: float = parameter(
        0.2, "Time without tcp_pose that makes an episode invalid [s].", minimum=0.05, maximum=10.0
    )
    wrench_timeout: float = parameter(
        0.1, "Age of the newest wrench that makes one invalid [s].", minimum=0.02, maximum=10.0
    )
