# SPDX-License-Identifier: Apache-2.0
"""Run a part of the benchmark: one task, some methods, as many seeds as there is time for."""

import argparse
import sys

from rich import print as show

from vi_ik_ros.benchmarks.skill_learning.runs.variants import VARIANTS
from vi_ik_ros.benchmarks.skill_learning.skill_learning import run
from vi_ik_ros.benchmarks.skill_learning.tasks.named_tasks import MAIN_TASKS, TASKS
from vi_ik_ros.skills.learning.methods import METHODS


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(prog="python -m vi_ik_ros.benchmarks.skill_learning")
    parser.add_argument("--seeds", type=int, default=25)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=MAIN_TASKS)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--variants", nargs="*", choices=[v for v in VARIANTS if v], default=())
    parser.add_argument("--quick", action="store_true")
    words = parser.parse_args()
    report = run(
        seeds=words.seeds,
        quick=words.quick,
        on_progress=lambda line: print(line, file=sys.stderr, flush=True),
        tasks=words.tasks,
        methods=words.methods,
        variants=words.variants,
    )
    show(report.table())


if __name__ == "__main__":
    main()
