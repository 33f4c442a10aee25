# SPDX-License-Identifier: Apache-2.0
"""A learning run as its store holds it now."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.graph.skill_file import skill_from
from vi_ik_ros.skills.execution.trace import Trace
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore, store_path
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.learning_run import LearningRun


@dataclass(frozen=True)
class SkillRun:
    """A run with all its episodes, but not their courses.

    Attributes:
        path: of the store's file.
        run: what was learned, and how.
        skill: the skill.
        problem: what an optimiser knows of it before the first episode.
        entries: the episodes, in order.
    """

    path: Path
    run: LearningRun
    skill: Skill
    problem: Problem
    entries: tuple[StoredEpisode, ...]

    @classmethod
    def read(cls, place: Path) -> Self:
        """Read a store, be it that a run adds to it meanwhile.

        Raises:
            InvalidInput: there is none, or it is damaged.
        """
        path = store_path(place)
        with EpisodeStore.read(path) as store:
            skill = skill_from(store.run.skill)
            entries = tuple(store.episodes())
            return cls(path, store.run, skill, Problem.of(skill), entries)

    def trace(self, number: int) -> Trace | None:
        """Return the course of an episode; None if none was kept."""
        with EpisodeStore.read(self.path) as store:
            return store.trace(number)

    def outcomes(self) -> list[EpisodeOutcome]:
        """Return the valid episodes as an optimiser sees them."""
        return [
            EpisodeOutcome.of(entry.episode, self.problem)
            for entry in self.entries
            if entry.is_valid
        ]
