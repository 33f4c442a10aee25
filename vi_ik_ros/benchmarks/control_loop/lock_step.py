# SPDX-License-Identifier: Apache-2.0
"""The same episodes where time passes as fast as it can."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from vi_ik_ros.benchmarks.control_loop.real_time import SKILL
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.execution.trace import Snapshot
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import Scene


@dataclass(frozen=True)
class LockStep:
    """What episodes in lock-step were like.

    Attributes:
        successes: whether each succeeded.
        ticks: control periods of all.
        seconds: processor time of all [s].
    """

    successes: list[bool]
    ticks: int
    seconds: float


def run_in_lock_step(scene: Scene, seeds: Sequence[int]) -> LockStep:
    """Carry out an episode for each seed on MuJoCo in this process."""
    plant, skill = SafetyGate(MujocoPlant(scene), Limits.of(scene)), load_skill(SKILL)
    ticks: list[int] = []

    def count(snapshot: Snapshot) -> None:
        ticks.append(snapshot.primitive)

    begin, successes = time.process_time(), []
    for seed in seeds:
        episode = run_episode(plant, skill, scene, seed=seed, recover=False, on_tick=count)
        successes.append(episode.success)
    return LockStep(successes, len(ticks), time.process_time() - begin)
