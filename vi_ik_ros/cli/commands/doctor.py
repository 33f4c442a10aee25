# SPDX-License-Identifier: Apache-2.0
"""`vi-ik doctor`: what is installed, what is missing, and whether it works."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.paths import store_directory

if TYPE_CHECKING:
    from vi_ik_ros.cli.doctor.finding import Finding

EXAMPLE = "vi-ik doctor --ros"
OK, FAILED = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik doctor`."""
    parser.add_argument(
        "--ros", action="store_true", help="also ask a sampler node in a process of its own"
    )
    parser.add_argument("--quick", action="store_true", help="without the self-test")
    parser.add_argument(
        "--store",
        metavar="DIR",
        type=store_directory,
        help="default: $XDG_DATA_HOME/vi_ik_ros/models",
    )


def run(arguments: argparse.Namespace) -> int:
    """Look at everything, then show it."""
    from vi_ik_ros.cli.doctor.report import findings_data, findings_table, is_well

    with contextlib.redirect_stdout(sys.stderr):  # some packages greet those who import them
        findings = list(_findings(arguments))
    emit(arguments.json, findings_data(findings), findings_table(findings))
    return OK if is_well(findings) else FAILED


def _findings(arguments: argparse.Namespace) -> Iterator["Finding"]:
    """Yield all findings, section by section; what takes seconds is announced."""
    from vi_ik_ros.cli.doctor.environment import machine_findings, ros_findings
    from vi_ik_ros.cli.doctor.holdings import directory_findings, model_findings, robot_findings
    from vi_ik_ros.cli.doctor.packages import package_findings
    from vi_ik_ros.cli.doctor.self_test import self_test_findings

    say("importing packages ...")
    yield from package_findings()
    yield from machine_findings()
    yield from ros_findings()
    say("reading models and robots ...")
    yield from model_findings(arguments.store)
    yield from robot_findings()
    yield from directory_findings(arguments.store)
    if not arguments.quick:
        say("trying what the package is for ...")
        yield from self_test_findings(arguments.store, arguments.ros)
