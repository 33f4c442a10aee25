# SPDX-License-Identifier: Apache-2.0
"""Every task by its name."""

from collections.abc import Callable
from functools import cache

from vi_ik_ros.benchmarks.skill_learning.tasks.simulated_skill import SimulatedSkill
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import Surrogate
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate_constants import SurrogateConstants
from vi_ik_ros.benchmarks.skill_learning.tasks.task import Task

OTHER_STIFFNESS = 11000.0  # [N/m] of the other screw, for warm starts
TASKS: dict[str, Callable[[], Task]] = {
    "surrogate": Surrogate,
    "stiffer_surrogate": lambda: Surrogate(SurrogateConstants(stiffness=OTHER_STIFFNESS)),
    "screw_insertion": lambda: SimulatedSkill("screw_insertion"),
    "peg_in_hole": lambda: SimulatedSkill("peg_in_hole"),
}
OTHER_TASK = {"surrogate": "stiffer_surrogate", "stiffer_surrogate": "surrogate"}
MAIN_TASKS = ("surrogate", "screw_insertion", "peg_in_hole")


@cache
def named_task(name: str) -> Task:
    """Make a task once a process."""
    return TASKS[name]()
