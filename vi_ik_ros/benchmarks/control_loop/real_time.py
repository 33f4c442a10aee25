# SPDX-License-Identifier: Apache-2.0
"""Episodes one after another on a robot interface node, and whether it keeps its period."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.control_loop.pose_delays import PoseDelays
from vi_ik_ros.benchmarks.control_loop.processors import Meter, Shares
from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.nodes.robot.messages.status_messages import RobotStatus
from vi_ik_ros.nodes.topic_plant import TopicPlant
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.execution.run import CANCELLED, run_episode
from vi_ik_ros.skills.execution.trace import Snapshot
from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.scene import load_scene

SKILL = "screw_insertion"
WATCHDOG = (FaultKind.DEADMAN, FaultKind.STALE_WRENCH, FaultKind.STALE_POSE)
LATE = "late ticks: over 10 ms late, or left out [%]"  # of 20 ms; see Lateness
TOLD_EVERY = 60.0  # [s]
POLL = 0.02  # [s]
NEWER = 10.0  # [s], for the next repetition of the status


@dataclass(frozen=True)
class RealTime:
    """What a while of episodes was like.

    Attributes:
        seconds: how long it took.
        ticks: control periods of the node.
        late: those of them that the node itself counted as late.
        missed: poses that came while nobody waited for them.
        delays: (n,) between the moment at which a tick was due and the arrival of its pose [s].
        faults: how often each kind came, on either side.
        episodes: those that ended by themselves, with seeds 0, 1, ...
        shares: of the processors.
    """

    seconds: float
    ticks: int
    late: int
    missed: int
    delays: np.ndarray
    faults: Mapping[str, int]
    episodes: list[Episode]
    shares: Shares


def run_in_real_time(
    plant: TopicPlant,
    poses: PoseDelays,
    seconds: float,
    pids: Mapping[str, int],
    on_progress: Callable[[str], None] = lambda line: None,
) -> RealTime:
    """Carry out whole episodes until the time is over; the last one is broken off.

    Args:
        plant: a simulation behind a node.
        poses: takes its poses.
        seconds: [s].
        pids: ids of the processes whose use of the processors is of interest, by name.
        on_progress: called with a line every minute.
    """
    plant.reset(0)  # finds the node, and enables commands
    plant.stop()
    before, begin, first = newer_status(plant), time.monotonic(), poses.count
    meter, missed, course = Meter(pids), plant.missed_ticks, _Course(plant)
    told = 0.0
    while (now := time.monotonic() - begin) < seconds:
        if now >= told:
            on_progress(f"{now:.0f} s of {seconds:.0f} s, {len(course.episodes)} episodes ...")
            told += TOLD_EVERY
        course.episode(lambda: time.monotonic() - begin >= seconds)
    delays = poses.delays(plant.control_period, first)
    shares, after = meter.shares(), newer_status(plant)
    return RealTime(
        seconds=time.monotonic() - begin,
        ticks=after.ticks - before.ticks,
        late=after.late_ticks - before.late_ticks,
        missed=plant.missed_ticks - missed,
        delays=delays,
        faults=course.faults,
        episodes=course.episodes,
        shares=shares,
    )


def newer_status(plant: TopicPlant, patience: float = NEWER) -> RobotStatus:
    """Wait for the next status, whose counters are those of now.

    Raises:
        NoAnswer: none came within `patience` [s].
    """
    old, end = plant.status, time.monotonic() + patience
    while (status := plant.status) is old or status is None:
        if time.monotonic() > end:
            raise NoAnswer(f"no status of the robot interface node after {patience:g} s")
        time.sleep(POLL)
    return status


class _Course:
    """Episodes, and the faults in them."""

    def __init__(self, plant: TopicPlant) -> None:
        self._plant, self._skill = plant, load_skill(SKILL)
        self._scene = load_scene(self._skill.scene)
        self.episodes: list[Episode] = []
        self.faults: Counter[str] = Counter()

    def episode(self, stopping: Callable[[], bool]) -> None:
        """Carry out the next one, and hold the tool."""
        kinds: set[str] = set()

        def look(snapshot: Snapshot) -> None:
            kinds.update(fault.kind for fault in snapshot.result.faults)

        episode = run_episode(
            self._plant,
            self._skill,
            self._scene,
            seed=len(self.episodes),
            recover=False,
            on_tick=look,
            stopping=stopping,
        )
        self._plant.stop()
        status = self._plant.status
        if status is not None and status.fault is not None:
            kinds.add(status.fault.kind)
        if not kinds and episode.invalid_reason not in ("", CANCELLED):  # such as of the reset
            kinds.add(episode.invalid_reason.partition(":")[0])
        self.faults.update(kinds)
        if episode.invalid_reason != CANCELLED:
            self.episodes.append(episode)


def real_time_rows(case: str, found: RealTime) -> list[Row]:
    """Return the figures of a while of episodes."""
    delays, shares = 1e3 * found.delays, found.shares
    watchdog = sum(count for kind, count in found.faults.items() if kind in WATCHDOG)
    rows = [
        Row(case, "duration [s]", found.seconds),
        Row(case, "ticks at 50 Hz", found.ticks),
        Row(case, LATE, 100.0 * found.late / found.ticks, None, 1.0, "goal: less than"),
        Row(case, "late ticks", found.late),
        Row(case, "watchdog faults", watchdog, None, 0.0, "goal"),
    ]
    rows += [Row(case, f"faults {kind}", n) for kind, n in sorted(found.faults.items())]
    rows += [
        Row(case, f"pose arrives after its tick was due, {name} [ms]", float(value))
        for name, value in (
            ("median", np.median(delays)),
            ("99.9 %", np.quantile(delays, 0.999)),
            ("latest", delays.max()),
        )
    ]
    rows.append(Row(case, "poses that the client missed", found.missed))
    rows += [
        Row(case, f"use of a processor, {name} [%]", 100.0 * share)
        for name, share in (*shares.by.items(), ("others on this machine", shares.others))
    ]
    rows.append(Row(case, "load of the machine, last minute", shares.load))
    return rows
