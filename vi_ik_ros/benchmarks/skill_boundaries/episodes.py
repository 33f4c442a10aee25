# SPDX-License-Identifier: Apache-2.0
"""Episodes of one skill by the hundred, in one process or several."""

import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache

from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.execution.trace import Recorder
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.plant import Plant
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import Scene, load_scene

PLANTS = {"mujoco": MujocoPlant, "analytic": AnalyticPlant}


@dataclass(frozen=True)
class Cell:
    """Parameters that are tried with several seeds.

    Attributes:
        skill: name of the skill.
        parameters: values by name; the others have their defaults.
        plant: a name of `PLANTS`.
        refinement: whole number by which the time step is divided.
    """

    skill: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    plant: str = "mujoco"
    refinement: int = 1


def run_cell(cell: Cell, seeds: Sequence[int]) -> list[Episode]:
    """Return an episode for each seed; nothing comes back to the start, the reset does it."""
    skill, scene, gate = _stage(cell.skill, cell.plant, cell.refinement)
    return [
        run_episode(gate, skill, scene, cell.parameters, seed=seed, recover=False) for seed in seeds
    ]


def digests(cell: Cell, seeds: Sequence[int]) -> list[str]:
    """Return the digests of record and course of an episode for each seed."""
    skill, scene, gate = _stage(cell.skill, cell.plant, cell.refinement)
    found = []
    for seed in seeds:
        recorder = Recorder()
        episode = run_episode(
            gate, skill, scene, cell.parameters, seed=seed, recover=False, on_tick=recorder.add
        )
        found.append(episode.digest() + recorder.trace().digest())
    return found


def digests_in_processes(cell: Cell, seeds: Sequence[int], num_processes: int) -> list[str]:
    """Return the same as `digests`, the seeds dealt to fresh processes."""
    context = multiprocessing.get_context("spawn")
    hands = [seeds[k::num_processes] for k in range(num_processes)]
    with ProcessPoolExecutor(num_processes, mp_context=context) as pool:
        parts = list(pool.map(digests, [cell] * num_processes, hands))
    by_seed = dict(zip(sum(map(list, hands), []), sum(parts, []), strict=True))
    return [by_seed[seed] for seed in seeds]


@cache
def _stage(skill: str, plant: str, refinement: int) -> tuple[Skill, Scene, Plant]:
    """Make the skill and a plant once; a reset makes everything as new."""
    loaded = load_skill(skill)
    scene = load_scene(loaded.scene)
    bare = PLANTS[plant](scene, refinement=refinement)
    return loaded, scene, SafetyGate(bare, Limits.of(scene))
