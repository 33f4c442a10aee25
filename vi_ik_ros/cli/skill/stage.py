# SPDX-License-Identifier: Apache-2.0
"""What the actions of `vi-ik skill` have in common: a skill, its scene, a plant in lock-step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.graph.skill_file import skill_from
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.execution.trace import Recorder, Snapshot, Trace
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import Plant
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import Scene, load_scene
from vi_ik_ros.skills.plants.scene.reading import read
from vi_ik_ros.skills.plants.scene.yaml_file import load_yaml

PLANTS = ("mujoco", "analytic")


@dataclass(frozen=True)
class Stage:
    """Where episodes of a skill are carried out.

    Attributes:
        skill: what is done.
        skill_values: of its file.
        scene: where.
        plant_name: one of `PLANTS`.
    """

    skill: Skill
    skill_values: Mapping
    scene: Scene
    plant_name: str

    @classmethod
    def of(cls, skill: str, scene: str | None, plant: str) -> Self:
        """Read a skill and a scene by name or path; the scene is the skill's unless given.

        Raises:
            InvalidInput: there is no such skill, scene or plant.
        """
        check_plant(plant)
        values = load_yaml("skill", skill)
        made = skill_from(values)
        assert isinstance(values, Mapping)  # or there would be no skill
        return cls(made, values, load_scene(scene or made.scene), plant)

    @classmethod
    def of_values(cls, skill: Mapping, scene: Mapping, plant: str) -> Self:
        """Make the same from values that were kept."""
        check_plant(plant)
        return cls(skill_from(skill), skill, read(Scene, scene, "scene"), plant)

    @cached_property
    def plant(self) -> Plant:
        """The plant, without a gate."""
        if self.plant_name == "analytic":
            from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant

            return AnalyticPlant(self.scene)
        from vi_ik_ros.skills.plants.mujoco import MujocoPlant

        return MujocoPlant(self.scene)

    @cached_property
    def _gate(self) -> SafetyGate:
        return SafetyGate(self.plant, Limits.of(self.scene))

    def run(
        self,
        parameters: Mapping[str, float],
        seed: int,
        on_tick: Callable[[Snapshot], None] = lambda snapshot: None,
    ) -> tuple[Episode, Trace]:
        """Carry out an episode; return its record and its course."""
        recorder = Recorder()

        def keep(snapshot: Snapshot) -> None:
            recorder.add(snapshot)
            on_tick(snapshot)

        episode = run_episode(
            self._gate, self.skill, self.scene, parameters, seed=seed, on_tick=keep
        )
        return episode, recorder.trace()


def check_plant(name: str) -> None:
    """Refuse a plant that is not known."""
    if name not in PLANTS:
        raise InvalidInput("--plant", name, " or ".join(PLANTS))
