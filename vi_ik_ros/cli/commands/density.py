# SPDX-License-Identifier: Apache-2.0
"""`vi-ik density`: the normalised log-density of given configurations."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vi_ik_ros.cli.model_input import add_model_arguments, add_temperature_argument, load
from vi_ik_ros.cli.output import emit
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from vi_ik_ros.nodes.sampling.served_models import ServedModel

EXAMPLE = (
    "vi-ik density panda_pose --configurations q.npy --target 0.4 0.1 0.5 1 0 0 0 --out lp.npy"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik density`."""
    add_model_arguments(parser)
    parser.add_argument(
        "--configurations", metavar="Q.npy", type=Path, required=True,
        help="array (N, nq) [rad or m]; columns as `vi-ik sample` writes them",
    )  # fmt: skip
    add_temperature_argument(parser, 1.0, "1, as trained")
    parser.add_argument("--out", metavar="LP.npy", type=Path, help="write the (N,) values [nat]")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate log q(x) or log q(x | context) of each row."""
    q = _read(arguments.configurations)
    if arguments.out is not None and not arguments.out.parent.is_dir():
        raise InvalidInput("--out", str(arguments.out), "a file in a directory that exists")
    from vi_ik_ros.kinematics.wire_rows import from_wire
    from vi_ik_ros.sampling.warm_start.answering.request import SampleRequest

    model = load(arguments)
    q = from_wire(model.robot, q, "--configurations")
    SampleRequest(temperature=arguments.temperature).check(1, model.robot.nq)
    density = model.stored.model.at_temperature(arguments.temperature or 1.0)
    log_prob = density.log_prob(q[None], _context(arguments, model))[0]
    if arguments.out is not None:
        with arguments.out.open("wb") as file:
            np.save(file, log_prob)
    inside = log_prob[np.isfinite(log_prob)]
    mean = f", mean {inside.mean():.3f} nat" if len(inside) else ""
    outside = f", {len(q) - len(inside)} outside the support" if len(inside) < len(q) else ""
    data = {"model": arguments.model, "out": arguments.out, "log_prob": log_prob}
    emit(arguments.json, data, f"{len(q)} configurations{mean}{outside}")
    return 0


def _read(path: Path) -> np.ndarray:
    try:
        q = np.load(path, allow_pickle=False)
    except (ValueError, OSError) as error:
        expected = f"a readable .npy file of numbers ({getattr(error, 'strerror', None) or error})"
        raise InvalidInput("--configurations", str(path), expected) from error
    if not isinstance(q, np.ndarray) or q.ndim != 2 or q.dtype.kind not in "fiu":
        got = f"shape {q.shape}, {q.dtype}" if isinstance(q, np.ndarray) else "an .npz file"
        raise InvalidInput("--configurations", got, "one array of numbers, (N, nq)")
    q = q.astype(np.float64)
    if not np.isfinite(q).all():
        row = int(np.flatnonzero(~np.isfinite(q).all(axis=1))[0])
        raise InvalidInput("--configurations", f"row {row}: {q[row].tolist()}", "finite numbers")
    return q


def _context(arguments: argparse.Namespace, model: "ServedModel") -> np.ndarray:
    """Return the context row, (1, dc), checked against the model."""
    entries, size = model.stored.document["context"], model.stored.model.context_size
    described = " + ".join(f"{entry['name']} ({entry['size']})" for entry in entries) or "nothing"
    row = np.array(arguments.target or arguments.context or [], dtype=np.float64)
    field = "--target" if arguments.target else "--context"
    if len(row) != size:
        raise InvalidInput(field, f"{len(row)} numbers", f"{size}: {described}")
    if not np.isfinite(row).all():
        raise InvalidInput(field, row.tolist(), "finite numbers")
    start = 0
    for entry in entries:
        if entry["kind"] == "pose":
            quaternion = row[start + 3 : start + 7]
            norm = float(np.linalg.norm(quaternion))
            if abs(norm - 1.0) > 1e-3:
                raise InvalidInput(field, f"a quaternion of norm {norm:.6g}", "norm 1 within 1e-3")
            quaternion /= norm
        start += entry["size"]
    return row[None]
