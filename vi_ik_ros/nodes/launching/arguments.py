# SPDX-License-Identifier: Apache-2.0
"""Arguments of launch files as plain data, and those that several have."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Argument:
    """One argument of a launch file.

    Attributes:
        name: before the `:=`.
        description: what `--show-args` says of it.
        default: its value where none is given.
        parameter: the parameter of the node that it sets unless it is empty; '' = none.
    """

    name: str
    description: str
    default: str = ""
    parameter: str = ""


EVERY = (  # node has these
    Argument("namespace", "Namespace of the nodes."),
    Argument("use_sim_time", "true: take the time from /clock.", "false"),
    Argument("params_file", "Parameters (YAML); empty: config/NODE.yaml of the package."),
    Argument("log_level", "debug, info, warn, error or fatal.", "info"),
)
RVIZ = Argument("rviz", "true: start RViz with config/vi_ik.rviz.", "false")
RVIZ_FRAME = Argument("rviz_frame", "Fixed frame of RViz: the robot's base.", "panda_link0")
SKILL_BASE = Argument(
    "skill_base",
    "Where RViz sees base_link: x y z yaw pitch roll [m, rad]; empty: where other transforms say.",
    "0 1.2 0 0 0 0",  # beside the robot of the sampler
)
