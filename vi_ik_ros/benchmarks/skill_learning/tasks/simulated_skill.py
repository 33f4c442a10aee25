# SPDX-License-Identifier: Apache-2.0
"""A skill in the contact simulation as something to be learned."""

import numpy as np

from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import load_scene


class SimulatedSkill:
    """Episodes of a skill in MuJoCo; nobody knows its truth.

    Args:
        name: of a skill that comes with the package.

    Attributes:
        problem: what optimisers know of it.
    """

    def __init__(self, name: str) -> None:
        self._skill = load_skill(name)
        self._scene = load_scene(self._skill.scene)
        self._plant = SafetyGate(MujocoPlant(self._scene), Limits.of(self._scene))
        self.problem = Problem.of(self._skill)

    def execute(self, x: np.ndarray, seed: int) -> EpisodeOutcome:
        """Return an episode, from a reset plant.

        Raises:
            ViIkError: the episode says nothing about its parameters, which a simulation without
                disturbances should never do.
        """
        space = self.problem.space
        values = dict(zip(space.names, space.from_unit(x[None])[0].tolist(), strict=True))
        episode = run_episode(
            self._plant, self._skill, self._scene, values, seed=seed, recover=False
        )
        if episode.invalid_reason:
            raise ViIkError(f"episode with seed {seed} is invalid: {episode.invalid_reason}")
        return EpisodeOutcome.of(episode, self.problem)

    def truth(self, x: np.ndarray) -> None:
        """Return nothing: only episodes tell."""
