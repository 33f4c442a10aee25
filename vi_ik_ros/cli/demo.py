# SPDX-License-Identifier: Apache-2.0
"""What `vi-ik demo` asks, and how it shows the answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape
from rich.table import Table

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest
from vi_ik_ros.viewer.plots import AnswerPicture, save_answer_picture

if TYPE_CHECKING:
    from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient

DEMO_MODEL = "panda_pose"
NUM_RAW, NUM_REFINED, NUM_DRAWN = 1000, 20, 10
DISTINCT_TOLERANCE = 0.2  # [rad], closer configurations count as one
HALF = 0.5**0.5


@dataclass(frozen=True)
class Target:
    """One target of the demo.

    Attributes:
        name: in the table.
        pose: x y z qx qy qz qw of panda_link8 in panda_link0 [m, unit].
        reachable: what the answer must say.
    """

    name: str
    pose: tuple[float, ...]
    reachable: bool = True


TARGETS = (
    Target("in front, pointing down", (0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0)),
    Target("to the left, pointing down", (0.15, 0.50, 0.25, 1.0, 0.0, 0.0, 0.0)),
    Target("high, pointing forward", (0.45, -0.10, 0.70, 0.0, HALF, 0.0, HALF)),
    Target("low, tilted by 30 degrees", (0.50, -0.25, 0.20, 0.9659258, 0.0, 0.2588190, 0.0)),
    Target("behind the base", (-0.40, -0.25, 0.40, 0.0, 1.0, 0.0, 0.0)),
    Target("out of reach", (1.30, 0.00, 0.50, 1.0, 0.0, 0.0, 0.0), reachable=False),
)


@dataclass(frozen=True)
class Asked:
    """A target with what the node said: raw samples, and refined ones."""

    target: Target
    raw: SampleAnswer
    refined: SampleAnswer

    @property
    def num_converged(self) -> int:
        """Number of rows within the tolerance; they are distinct."""
        return int(np.count_nonzero(self.refined.converged))

    @property
    def as_expected(self) -> bool:
        """Whether a reachable target was answered, and an unreachable one recognised."""
        return (self.num_converged > 0) == self.target.reachable


def ask(client: "SamplerClient", target: Target, seed: int) -> Asked:
    """Ask the node for one target, once for raw and once for refined samples."""
    targets = np.array([target.pose])
    raw = SampleRequest(targets=targets, num_samples=NUM_RAW, seed=seed)
    refined = SampleRequest(
        targets=targets,
        num_samples=NUM_REFINED,
        seed=seed,
        refine=True,
        distinct_tolerance=DISTINCT_TOLERANCE,
    )
    return Asked(target, client.sample(raw), client.sample(refined))


def summary(asked: list[Asked]) -> list[dict[str, object]]:
    """Return the rows of the table as plain data; errors are medians."""
    rows = []
    for one in asked:
        raw, refined, good = one.raw, one.refined, one.refined.converged
        rows.append(
            {
                "target": one.target.name,
                "pose": list(one.target.pose),
                "reachable": one.target.reachable,
                "raw position error [mm]": 1e3 * float(np.median(raw.position_error)),
                "raw orientation error [deg]": float(np.degrees(np.median(raw.orientation_error))),
                "converged and distinct": one.num_converged,
                "asked for": NUM_REFINED,
                "refined position error [mm]": 1e3 * _median(refined.position_error[good]),
                "raw time [ms]": 1e3 * raw.elapsed,
                "refined time [ms]": 1e3 * refined.elapsed,
                "remark": refined.target_msg[0],
                "as expected": one.as_expected,
            }
        )
    return rows


def results_table(rows: list[dict[str, object]]) -> Table:
    """Return the table that the demo prints."""
    table = Table(title=f"Panda, model {DEMO_MODEL}: answers of a sampler node over ROS 2")
    table.add_column("target")
    raw = ("raw, median\n[mm]", "raw, median\n[deg]", f"{NUM_RAW} raw\n[ms]")
    refined = ("converged\nand distinct", "refined,\nmedian [mm]", f"{NUM_REFINED} refined\n[ms]")
    for title in (*raw, *refined):
        table.add_column(escape(title), justify="right")
    table.add_column("")
    for row in rows:
        mark = "[green]ok[/]" if row["as expected"] else "[bold red]FAILED[/]"
        note = mark if row["reachable"] else f"{mark}, as expected"
        table.add_row(
            str(row["target"]),
            f"{row['raw position error [mm]']:.1f}",
            f"{row['raw orientation error [deg]']:.1f}",
            f"{row['raw time [ms]']:.1f}",
            f"{row['converged and distinct']} of {row['asked for']}",
            f"{row['refined position error [mm]']:.2g}",
            f"{row['refined time [ms]']:.1f}",
            note if row["as expected"] else f"{mark} {escape(str(row['remark']))}",
        )
    return table


def draw(asked: Asked, path: Path) -> None:
    """Write the picture of one answer."""
    robot = RobotModel.load("panda")
    good = np.flatnonzero(asked.refined.converged)[:NUM_DRAWN]
    component = asked.refined.component[good]
    x, y, z = asked.target.pose[:3]
    picture = AnswerPicture(
        chain=robot.serial_chain(),
        joint_names=robot.joint_names,
        T_root_target=pose_to_matrix(np.array(asked.target.pose)),
        q=asked.refined.positions[good],
        component=component,
        raw_position_error=asked.raw.position_error,
        refined_position_error=asked.refined.position_error[asked.refined.converged],
        title=f"{len(good)} ways to reach one pose",
        subtitle=f"Panda flange {asked.target.name}, at ({x:.2f}, {y:.2f}, {z:.2f}) m: drawn from "
        f"{len(set(component.tolist()))} mixture components (colours), then refined",
    )
    save_answer_picture(path, picture)


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else float("nan")
