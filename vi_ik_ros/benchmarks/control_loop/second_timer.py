# SPDX-License-Identifier: Apache-2.0
"""What becomes of a client that commands by a timer of its own instead of by arriving poses."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.control_loop.pose_delays import PoseDelays
from vi_ik_ros.benchmarks.report import Row, mean_row
from vi_ik_ros.nodes.robot.client.robot_client import RobotClient
from vi_ik_ros.nodes.topic_plant import TopicPlant
from vi_ik_ros.skills.plants.plant import Twist

SPEED = 0.002  # [m/s]
TURN = 50  # ticks of going one way


@dataclass(frozen=True)
class Commands:
    """What a client sent.

    Attributes:
        seconds: for how long [s].
        missing: periods of the node for which no command was sent.
        doubled: commands after another one for the same period, which never took effect.
        ages: (n,) of the newest pose when each command was sent, since it was due [s].
        fault: latched at the end, or empty.
    """

    seconds: float
    missing: int
    doubled: int
    ages: np.ndarray
    fault: str


def by_poses(plant: TopicPlant, poses: PoseDelays, seconds: float) -> Commands:
    """Command with every pose, as `TopicPlant` does."""
    plant.reset(0)
    missed, ages, twists, begin = plant.missed_ticks, [], _twists(), time.monotonic()
    while time.monotonic() - begin < seconds:
        ages.append(poses.age())
        result = plant.tick(next(twists))
    plant.stop()
    fault = result.faults[0].kind if result.faults else ""
    return Commands(time.monotonic() - begin, plant.missed_ticks - missed, 0, np.array(ages), fault)


def by_timer(
    plant: TopicPlant, client: RobotClient, poses: PoseDelays, seconds: float, phase: float
) -> Commands:
    """Command with the newest pose by a timer of the same rate.

    Args:
        plant: the robot.
        client: of the same.
        poses: takes its poses.
        seconds: for how long.
        phase: of the timer behind a pose, 0 to 1 of a period.
    """
    period, twists, ages, seen = plant.control_period, _twists(), [], []
    plant.reset(0)
    due = time.monotonic() + phase * period
    end = due + seconds
    while due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        seen.append(poses.count)
        ages.append(poses.age())
        client.command(next(twists))
        due += period
    status = plant.status
    fault = "" if status is None or status.fault is None else str(status.fault.kind)
    plant.stop()
    new = np.diff(seen)
    missing, doubled = int(np.maximum(new - 1, 0).sum()), int((new == 0).sum())
    return Commands(seconds, missing, doubled, np.array(ages), fault)


def command_rows(case: str, found: list[Commands]) -> list[Row]:
    """Return the figures of several whiles."""
    minutes = np.array([one.seconds for one in found]) / 60.0
    ages = 1e3 * np.concatenate([one.ages for one in found])
    missing, doubled = (
        np.array([getattr(one, name) for one in found]) / minutes for name in ("missing", "doubled")
    )
    return [
        mean_row(case, "periods without a command, a minute", missing),
        mean_row(case, "commands that another one replaced, a minute", doubled),
        Row(case, "age of the pose when its command leaves, median [ms]", float(np.median(ages))),
        Row(case, "the same, 99 % [ms]", float(np.quantile(ages, 0.99))),
        Row(case, "whiles that ended with a fault", sum(bool(one.fault) for one in found)),
    ]


def _twists() -> Iterator[Twist]:
    """Go back and forth."""
    ticks = 0
    while True:
        forth = (ticks // TURN) % 2 == 0
        yield Twist(np.array([SPEED if forth else -SPEED, 0.0, 0.0]), np.zeros(3))
        ticks += 1
