# SPDX-License-Identifier: Apache-2.0
"""`vi-ik sample`: configurations from a model, without ROS."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vi_ik_ros.cli.model_input import (
    add_model_arguments,
    add_temperature_argument,
    load,
    pose_row,
    read_obstacle_list,
    read_targets,
)
from vi_ik_ros.cli.output import emit, say, short
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from rich.table import Table

    from vi_ik_ros.sampling.warm_start.solver import SampleAnswer

EXAMPLE = "vi-ik sample panda_pose -n 20 --target 0.4 0.1 0.5 1 0 0 0 --refine --out q.npz"
ROWS_SHOWN = 20
MANY_JOINTS, COLUMNS_SHOWN = (
    12,
    8,
)  # a row of so many does not fit a line; samples then side by side
ARRAYS = (
    "log_prob",
    "component",
    "position_error",
    "orientation_error",
    "converged",
    "iterations",
    "seed_log_prob",
    "source",
    "counts",
    "checked",
    "survived",
    "ess",
    "log_weight",
    "out_of_distribution",
    "context_distance",
    "context_distance_limit",
    "redraw_rate",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik sample`."""
    add_model_arguments(parser)
    parser.add_argument("--targets", metavar="FILE.csv", type=Path, help="many targets, one a line")
    parser.add_argument(
        "-n", "--num-samples", type=int, default=10, metavar="N", help="per target (default 10)"
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed; 0 = fresh (default)")
    add_temperature_argument(parser, 0.0, "1, as trained; 0.5 for refined whole bodies")
    parser.add_argument("--refine", action="store_true", help="refine each sample; best rows first")
    parser.add_argument(
        "--distinct-tolerance", type=float, default=0.2, metavar="RAD",
        help="refined rows closer than this are the same (default 0.2 rad)",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=float, default=0.0, metavar="SEC", help="0 = none (default)"
    )
    parser.add_argument(
        "--obstacles", metavar="FILE.yaml", type=Path,
        help="keep off the solids in its list `obstacles`, written as in an objectives file",
    )  # fmt: skip
    parser.add_argument(
        "--obstacle-margin", type=float, default=0.0, metavar="M",
        help="distance to keep from them (default 0 m)",
    )  # fmt: skip
    parser.add_argument("--out", metavar="FILE.npz", type=Path, help="write the rows to this file")


def run(arguments: argparse.Namespace) -> int:
    """Sample, write the file, print a table of the first rows."""
    from vi_ik_ros.sampling.warm_start.solver import SampleRequest

    targets = _targets(arguments)
    obstacles = read_obstacle_list(arguments.obstacles) if arguments.obstacles else ()
    _check_out(arguments.out)
    if not 0 <= arguments.seed < 2**64:
        raise InvalidInput("--seed", arguments.seed, "0 (fresh) to 2**64 - 1")
    model = load(arguments)
    found = model.solver.solve(
        SampleRequest(
            targets=targets,
            context=np.array(arguments.context or []),
            num_samples=arguments.num_samples,
            seed=arguments.seed,
            temperature=arguments.temperature,
            refine=arguments.refine,
            distinct_tolerance=arguments.distinct_tolerance if arguments.refine else 0.0,
            timeout=arguments.timeout,
            obstacles=obstacles,
            obstacle_margin=arguments.obstacle_margin,
        )
    )
    answer = found.to_wire(model.robot)
    arrays = _arrays(answer)
    for line in filter(None, answer.target_msg):
        say(f"remark: {line}")
    if not model.stored.model.has_log_prob:
        say(f"remark: {arguments.model} has no density: log q of its rows is nan")
    if arguments.out is not None:
        with arguments.out.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    written = {"out": str(arguments.out) if arguments.out else None}
    emit(arguments.json, {"model": arguments.model, **written, **arrays}, _table(answer))
    return 0


def _targets(arguments: argparse.Namespace) -> np.ndarray:
    """Return the targets (B, 7); B = 0 where the model takes a context row or nothing."""
    if arguments.target is not None and arguments.targets is not None:
        raise InvalidInput("--targets", str(arguments.targets), "not both --target and --targets")
    if arguments.targets is not None:
        return read_targets(arguments.targets)
    if arguments.target is not None:
        return pose_row(arguments.target, "--target")[None]
    return np.empty((0, 7))


def _check_out(path: Path | None) -> None:
    """Refuse an output that cannot be written before any time is spent."""
    if path is not None and (not path.parent.is_dir() or path.is_dir()):
        raise InvalidInput("--out", str(path), "a file in a directory that exists")


def _arrays(answer: "SampleAnswer") -> dict[str, np.ndarray]:
    """Return what the npz file holds; rows of several targets follow each other."""
    return {
        "q": answer.positions,
        **{name: np.asarray(getattr(answer, name)) for name in ARRAYS},
        "joint_names": np.array(answer.joint_names),
        "target": np.repeat(np.arange(len(answer.counts)), answer.counts),
    }


def _table(answer: "SampleAnswer") -> "Table":
    """Show the first rows, of a robot with many joints one in a column."""
    from rich.table import Table

    upright = len(answer.joint_names) > MANY_JOINTS
    num_rows = len(answer.positions)
    shown = min(num_rows, COLUMNS_SHOWN if upright else ROWS_SHOWN)
    title = f"{num_rows} rows in {1e3 * answer.elapsed:.1f} ms"
    title += f", the first {shown}" if shown < num_rows else ""
    if checked := int(answer.checked.sum()):
        title += f"; {int(answer.survived.sum())} of {checked} draws kept off the obstacles"
    joints = answer.joint_names if upright else map(short, answer.joint_names)
    titles = ("target", *joints, "log q", "component", "mm", "deg", "converged")
    rows = _cells(answer, shown)
    if upright:
        titles, *rows = zip(titles, *rows, strict=True)
    table = Table(*titles, title=title)
    for cells in rows:
        table.add_row(*cells)
    return table


def _cells(answer: "SampleAnswer", shown: int) -> list[tuple[str, ...]]:
    """Return the texts of the first rows, in the order of the titles."""
    target = np.repeat(np.arange(len(answer.counts)), answer.counts)
    errors = (1e3 * answer.position_error, np.degrees(answer.orientation_error))
    return [
        (
            str(target[row]),
            *(f"{value:.3f}" for value in answer.positions[row]),
            f"{answer.log_prob[row]:.2f}",
            str(answer.component[row]),
            *(f"{error[row]:.3g}" for error in errors),
            "yes" if answer.converged[row] else "no",
        )
        for row in range(shown)
    ]
