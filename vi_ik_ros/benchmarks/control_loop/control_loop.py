# SPDX-License-Identifier: Apache-2.0
"""A robot interface node in real time: does it keep its period, do gains mean the same as before?

The node is a process of its own with MuJoCo behind it, at 50 Hz; this process runs episodes of
screw insertion over its topics; a third one keeps a processor busy at normal priority. After that
the largest force gain is looked for over the topics and in lock-step.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from vi_ik_ros.benchmarks.control_loop.gain_limits import GainLimits
from vi_ik_ros.benchmarks.control_loop.lock_step import run_in_lock_step
from vi_ik_ros.benchmarks.control_loop.pose_delays import PoseDelays
from vi_ik_ros.benchmarks.control_loop.processors import busy_processor, real_time_priority
from vi_ik_ros.benchmarks.control_loop.real_time import (
    SKILL,
    RealTime,
    real_time_rows,
    run_in_real_time,
)
from vi_ik_ros.benchmarks.control_loop.second_timer import by_poses, by_timer, command_rows
from vi_ik_ros.benchmarks.report import Report, Row, mean_row
from vi_ik_ros.nodes.processes.node_process import private_environment
from vi_ik_ros.nodes.processes.private_robot_interface import PrivateRobotInterface
from vi_ik_ros.nodes.robot.client.robot_user import RobotUser
from vi_ik_ros.nodes.robot.client.round_trip import delay_ticks
from vi_ik_ros.nodes.topic_plant import TopicPlant
from vi_ik_ros.skills.execution.control.stability import max_gain
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.skills.plants.scene import Scene, load_scene

NAME = "control-loop"
OURS, LOCK_STEP, FIFO, TIMER = "ours", "in lock-step", "both at SCHED_FIFO", "a second timer"
EPISODE_GUESS = 1.6e-3  # [m/(N s)], so that all that is tried is within the skill's bounds
FREE_TICKS = 60  # of a measurement of the round trip
MOST_EPISODES = 50  # of those that are repeated in lock-step


@dataclass(frozen=True)
class Effort:
    """How long everything takes.

    Attributes:
        seconds: of real time with episodes [s].
        fifo_seconds: of the same with a real-time priority [s].
        rounds: searches of the gain that swings.
        halvings: of the range of gains.
        seeds: episodes whose limit is looked for.
        whiles: of commanding by a second timer, with other phases.
        while_seconds: of each [s].
    """

    seconds: float = 600.0
    fifo_seconds: float = 40.0
    rounds: int = 2
    halvings: int = 5
    seeds: int = 3
    whiles: int = 6
    while_seconds: float = 8.0


FULL = Effort()
QUICK = Effort(10.0, 5.0, rounds=1, halvings=3, seeds=1, whiles=2, while_seconds=2.0)


@dataclass(frozen=True)
class Stage:
    """A node that runs, its user, and a process that spins.

    Attributes:
        user: of the node.
        poses: takes its poses.
        pids: ids of all processes by name.
        scene: of the skill.
    """

    user: RobotUser
    poses: PoseDelays
    pids: dict[str, int]
    scene: Scene


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Run the node, and look at it.

    Args:
        seeds: rounds of the searches for gains.
        quick: seconds instead of minutes.
        budget: how long episodes go on in real time [s], 600 unless told.
        on_progress: called with a line now and then.
    """
    started = time.monotonic()
    effort = QUICK if quick else FULL
    if budget is not None:
        fifo_seconds = min(effort.fifo_seconds, budget)
        effort = replace(effort, seconds=budget, fifo_seconds=fifo_seconds)
    effort = replace(effort, rounds=seeds * effort.rounds)
    with running_stage() as stage:
        rows = period_rows(stage, effort, on_progress)
        rows += gain_rows(stage, effort, on_progress)
        rows += timer_rows(stage, effort, on_progress)
    seconds = time.monotonic() - started
    return Report(bench=NAME, rows=rows, seeds=list(range(seeds)), seconds=seconds)


@contextmanager
def running_stage() -> Iterator[Stage]:
    """Run everything inside a `with` statement."""
    poses, scene = PoseDelays(), load_scene(load_skill(SKILL).scene)
    with PrivateRobotInterface({"backend": "mujoco", "scene": scene.name}) as robot:
        namespace = robot.full_name.rpartition("/")[0]
        domain_id = int(private_environment()["ROS_DOMAIN_ID"])
        with RobotUser(namespace, domain_id, poses.add) as user, busy_processor() as busy:
            pids = {"node": robot.pid, "client": os.getpid(), "busy process": busy}
            yield Stage(user, poses, pids, scene)


def period_rows(stage: Stage, effort: Effort, on_progress: Callable[[str], None]) -> list[Row]:
    """Return whether the node keeps its period while episodes go on."""
    plant, scene = stage.user.plant, stage.scene
    found = run_in_real_time(plant, stage.poses, effort.seconds, stage.pids, on_progress)
    rows = real_time_rows(OURS, found)
    rows += _episode_rows(found, scene)
    with real_time_priority(stage.pids["node"], stage.pids["client"]) as is_permitted:
        if is_permitted:
            on_progress(f"{FIFO} ...")
            seconds = effort.fifo_seconds
            rows += real_time_rows(FIFO, run_in_real_time(plant, stage.poses, seconds, stage.pids))
    return rows


def _episode_rows(found: RealTime, scene: Scene) -> list[Row]:
    """Return how episodes end, and how fast they are, over topics and in lock-step."""
    valid = [one for one in found.episodes if not one.invalid_reason]
    same = run_in_lock_step(scene, [one.seed for one in valid[:MOST_EPISODES]] or [0])
    lock_step = 100.0 * float(np.mean(same.successes))
    success = 100.0 * np.array([one.success for one in valid])
    rows = [
        Row(OURS, "episodes", len(found.episodes)),
        Row(OURS, "episodes that are invalid", len(found.episodes) - len(valid), None, 0, "goal"),
    ]
    if valid:
        row = mean_row(OURS, "episodes that succeed [%]", success)
        source = f"{LOCK_STEP}, {len(same.successes)} of the same seeds"
        rows.append(replace(row, reference=lock_step, reference_source=source))
    speed = same.ticks / same.seconds
    source = "ours in real time"
    rows.append(Row(LOCK_STEP, "ticks a second of one core", speed, None, 50.0, source))
    return rows


def gain_rows(stage: Stage, effort: Effort, on_progress: Callable[[str], None]) -> list[Row]:
    """Return the largest force gains over topics and in lock-step, and their ratio."""
    scene, plant = stage.scene, stage.user.plant
    delay, rows = _measured_delay(plant, scene, effort.rounds + 2)
    far = GainLimits(plant, scene)
    near = GainLimits.in_lock_step(replace(scene, delay_ticks=delay))
    on_progress("force gain at which pressing swings ...")
    guess = max_gain(scene.tool.stiffness[2], delay, plant.control_period)
    there = [far.pressing(guess, effort.halvings) for _ in range(effort.rounds)]
    here = [near.pressing(guess, effort.halvings)]
    rows += _limit_rows("K_P at which pressing swings on", there, here)
    on_progress("force gain at which episodes fail ...")
    there, here = (
        [
            one.episode(seed, min(EPISODE_GUESS, guess), effort.halvings)
            for seed in range(effort.seeds)
        ]
        for one in (far, near)
    )
    rows += _limit_rows("K_P at which an episode fails", there, here)
    name = "probes that a fault broke off, repeated"
    rows.append(Row(OURS, name, far.broken_off.total()))
    return rows


def round_trips(plant: TopicPlant, count: int) -> list[float]:
    """Return control periods from a command to its effect in free air, as often as can be told."""
    twist, found = Twist(np.array([0.006, 0.0, 0.003]), np.zeros(3)), []
    for _ in range(count):
        plant.reset(0)
        for _ in range(FREE_TICKS):
            plant.tick(twist)
        if plant.round_trip is not None:  # else a pose was missed too early
            found.append(plant.round_trip)
        plant.stop()
    return found


def timer_rows(stage: Stage, effort: Effort, on_progress: Callable[[str], None]) -> list[Row]:
    """Return what becomes of commands by arriving poses, and by a timer of the same rate."""
    on_progress(f"{TIMER} ...")
    seconds, count = effort.while_seconds, effort.whiles
    ours = [by_poses(stage.user.plant, stage.poses, seconds) for _ in range(max(2, count // 3))]
    with closing(stage.user.make_client()) as client:
        theirs = [
            by_timer(stage.user.plant, client, stage.poses, seconds, phase)
            for phase in np.arange(count) / count
        ]
    return command_rows(OURS, ours) + command_rows(TIMER, theirs)


def _measured_delay(plant: TopicPlant, scene: Scene, count: int) -> tuple[int, list[Row]]:
    """Return the delay of the topics for lock-step, or the scene's where it cannot be told."""
    trips, source = round_trips(plant, count), "of the scene"
    if not trips:
        return scene.delay_ticks, []
    delay = delay_ticks(float(np.median(trips)), scene.servo, plant.control_period)
    return delay, [
        mean_row(OURS, "round trip, lag of the servo included [ticks]", np.array(trips)),
        Row(OURS, "delay_ticks as measured", delay, None, scene.delay_ticks, source),
    ]


def _limit_rows(what: str, over_topics: list[float], lock_step: list[float]) -> list[Row]:
    """Return the mean of a limit in both modes, and the ratio."""
    row = mean_row(OURS, f"{what}, over topics [m/(N s)]", np.array(over_topics))
    reference = float(np.mean(lock_step))
    ratio = row.value / reference
    return [
        replace(row, reference=reference, reference_source=LOCK_STEP),
        Row(
            OURS, f"the same over that in lock-step, {what}", ratio, None, 1.0, "goal: within 0.15"
        ),
    ]
