# SPDX-License-Identifier: Apache-2.0
"""`vi-ik learn-objectives`: the numbers of an objectives file, from demonstrations."""

import argparse
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from rich.table import Table

    from vi_ik_ros.kinematics.robot_model import RobotModel
    from vi_ik_ros.sampling.inference.demonstrations.learn_experts import LearnInfo
    from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate
    from vi_ik_ros.sampling.training.objective_learning.learn_objectives import LearnReport

DATABASE, RECORDING = ".sqlite", ".mcap"
DISTANCE = 0.02  # [rad or m], largest single joint, between configurations of a recording

EXAMPLE = (
    "vi-ik learn-objectives demonstrations.npz config/objectives/panda_pose.yaml"
    " --learn flange.mean,flange.std --out task.yaml"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik learn-objectives`."""
    parser.add_argument(
        "demonstrations", metavar="DEMOS", type=Path,
        help="configurations: .npz with q and joint_names, .csv with joint names as header, "
        "an .mcap recording of JointState, or the trainer.sqlite of a trainer node",
    )  # fmt: skip
    parser.add_argument("objectives", metavar="OBJECTIVES.yaml", type=Path)
    parser.add_argument(
        "--out", metavar="F.yaml", type=Path, required=True, help="the file with its numbers"
    )
    parser.add_argument(
        "--learn", metavar="O.FIELD,...",
        help="fields of normal densities, such as hand.mean,hand.std or hand.covariance "
        "(default: every mean and std that the file leaves out)",
    )  # fmt: skip
    parser.add_argument(
        "--frames", metavar="O=F1,F2,...",
        help="try these frames in the transform of an objective; held-out rows choose",
    )  # fmt: skip
    parser.add_argument(
        "--topic", help="the one to read of an .mcap file (default: every JointState topic)"
    )
    parser.add_argument(
        "--components", type=int, metavar="K", help="components of the mixture that follows p"
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed (default 0)")
    parser.add_argument("--steps", type=int, default=40, metavar="N", help="at most (default 40)")
    parser.add_argument(
        "--holdout", type=float, default=0.2, metavar="SHARE",
        help="of the demonstrations, to judge the others by (default 0.2; 0: none)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Learn, say how well, write the file."""
    _check(arguments)

    import torch

    from vi_ik_ros.kinematics.robot_model import RobotModel
    from vi_ik_ros.sampling.experts.yaml_document import read_yaml
    from vi_ik_ros.sampling.training.objective_learning.written_objectives import write_objectives

    torch.set_num_threads(1)  # Small matrices: a second thread costs more than it does.
    document = read_yaml(arguments.objectives)
    spec = document.get("robot")
    if not spec or not isinstance(spec, str | Mapping):
        raise InvalidInput("robot", spec or "nothing", "a robot's alias, path or mapping")
    q = _demonstrations(arguments.demonstrations, arguments.topic, RobotModel.load(spec))
    report, frames = _learn(arguments, document, q)
    source = f"Learned from {len(q)} configurations of {arguments.demonstrations.name} by"
    command = shlex.join(["vi-ik", *sys.argv[1:]])
    write_objectives(arguments.out, report.document, (source, f"  {command}"))
    for line in report.remarks():
        _remark(line)
    emit(arguments.json, _data(arguments.out, report, frames), _table(report, frames))
    return 0


def _demonstrations(path: Path, topic: str | None, robot: "RobotModel") -> "np.ndarray":
    """Read configurations (N, nq) [rad, m] from a file, a recording or a trainer's database."""
    from vi_ik_ros.kinematics.recordings.configuration_file import (
        checked_configurations,
        read_configurations,
    )
    from vi_ik_ros.kinematics.wire_rows import read_named
    from vi_ik_ros.sampling.store.trainer.demonstration_store import read_demonstrations
    from vi_ik_ros.sampling.warm_start.distinct import distinct

    if path.suffix.lower() == DATABASE:
        try:
            q = read_named(robot, partial(read_demonstrations, path), str(path))
        except InvalidInput as error:
            if error.field != "work_directory":  # as a trainer node calls it
                raise
            raise InvalidInput("DEMOS", error.value, error.expected) from error
        return checked_configurations(q, robot, str(path))
    q = read_configurations(path, robot, topic=topic, remark=_remark)
    if path.suffix.lower() != RECORDING:
        return q
    kept = distinct(q, DISTANCE, robot.continuous)  # an arm at rest must not count as many
    _remark(f"{len(kept)} of {len(q)} kept: the others are within {DISTANCE} rad of one of them")
    return checked_configurations(q[kept], robot, str(path))


def _learn(
    arguments: argparse.Namespace,
    document: Mapping[str, object],
    q: "np.ndarray",
) -> tuple["LearnReport", Mapping[str, "Estimate"]]:
    """Learn with the file's frame, or with the best of several; their held-out figures."""
    from vi_ik_ros.sampling.training.objective_learning.frame_choice import choose_frame
    from vi_ik_ros.sampling.training.objective_learning.learn_objectives import (
        LearnOptions,
        learn_objectives,
    )

    fields = _names(arguments.learn or "")
    options = LearnOptions(
        num_components=arguments.components,
        seed=arguments.seed,
        max_steps=arguments.steps,
        holdout=arguments.holdout,
    )
    if not arguments.frames:
        report = learn_objectives(document, q, fields, options=options, on_progress=_say)
        return report, {}
    objective, _, frames = arguments.frames.partition("=")
    choice = choose_frame(
        document,
        q,
        objective.strip(),
        _names(frames),
        fields,
        options=options,
        on_progress=lambda frame, step, info: _say(step, info, f"{frame}: "),
    )
    return choice.report, choice.held_out


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be used before anything is computed."""
    if arguments.components is not None and arguments.components < 1:
        raise InvalidInput("--components", arguments.components, "a number above 0")
    if arguments.steps < 1:
        raise InvalidInput("--steps", arguments.steps, "a number above 0")
    if not 0 <= arguments.seed < 2**63:
        raise InvalidInput("--seed", arguments.seed, "0 to 2**63 - 1")
    if not 0.0 <= arguments.holdout <= 0.9:
        raise InvalidInput("--holdout", arguments.holdout, "a share from 0 to 0.9")
    if not arguments.out.parent.is_dir() or arguments.out.is_dir():
        raise InvalidInput("--out", str(arguments.out), "a file in a directory that exists")
    is_recording = arguments.demonstrations.suffix.lower() == RECORDING
    if arguments.topic is not None and not is_recording:
        raise InvalidInput("--topic", arguments.topic, f"none: only {RECORDING} files have topics")
    if arguments.learn is not None and not _names(arguments.learn):
        raise InvalidInput("--learn", arguments.learn, "names such as hand.mean,hand.std")
    if arguments.frames is not None and not _names(arguments.frames.partition("=")[2]):
        expected = "an objective and frames, such as hand=panda_link7,panda_link8"
        raise InvalidInput("--frames", arguments.frames, expected)


def _remark(line: str) -> None:
    say(f"remark: {line}")


def _names(listed: str) -> tuple[str, ...]:
    """Return what stands between commas."""
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def _say(step: int, info: "LearnInfo", prefix: str = "") -> None:
    """Print one line about a step."""
    say(
        f"{prefix}step {step}: log-likelihood {info.log_likelihood:.3f} nat,"
        f" moved {info.shift:.2f} standard errors, {info.effective_points:.0f} effective points"
    )


def _data(out: Path, report: "LearnReport", frames: Mapping[str, "Estimate"]) -> dict[str, object]:
    """Return what `--json` prints."""
    learned = {
        value.name: {"value": value.value, "stderr": value.stderr, "start": value.start}
        for value in report.values
    }
    data: dict[str, object] = {"out": str(out), "learned": learned}
    data["log_likelihood"] = report.log_likelihood
    if report.held_out is not None:
        data["held_out"] = asdict(report.held_out)
    if frames:
        data["frames"] = {frame: asdict(estimate) for frame, estimate in frames.items()}
    names = ("num_demonstrations", "effective_points", "converged", "steps", "seconds")
    data |= {name: getattr(report, name) for name in names}
    return data | {"log_normalizer": asdict(report.log_normalizer), "remarks": report.remarks()}


def _table(report: "LearnReport", frames: Mapping[str, "Estimate"]) -> "Table":
    """Return the learned numbers as a table, the figures below it."""
    from rich.table import Table

    lines = [f"log-likelihood of a demonstration {report.log_likelihood:.3f} nat"]
    if report.held_out is not None:
        lines.append(f"held-out {_with_error(report.held_out)} nat")
    lines += [f"with {frame} {_with_error(estimate)} nat" for frame, estimate in frames.items()]
    table = Table("learned", "value", "std. error", "moments", caption="; ".join(lines))
    for value in report.values:
        cells = [_flat(entry) for entry in (value.value, value.stderr, value.start)]
        table.add_row(value.name, *cells)
    return table


def _flat(value: object) -> str:
    """Write nested numbers in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_flat(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        return " ".join(_flat(entry) for entry in value)
    return f"{value:.4g}"


def _with_error(estimate: "Estimate") -> str:
    return f"{estimate.value:.3f} +- {estimate.stderr:.3f}"
