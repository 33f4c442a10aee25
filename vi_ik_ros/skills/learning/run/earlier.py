# SPDX-License-Identifier: Apache-2.0
"""What an earlier learning run of a similar skill knows, to start from."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.skill_file import skill_from
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore, store_path
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.learning_run import LearningRun

FIELD = "earlier"


@dataclass(frozen=True)
class EarlierRun:
    """The valid episodes of a store.

    Attributes:
        path: its file.
        digest: SHA-256 digest of the skill and of these episodes.
        outcomes: of those whose parameters lie within the bounds of the skill that starts.
    """

    path: Path
    digest: str
    outcomes: tuple[EpisodeOutcome, ...]

    @classmethod
    def read(cls, place: Path, problem: Problem) -> Self:
        """Read the store of a skill whose graph has the same names.

        Args:
            place: the store, or its directory.
            problem: the skill that starts; its bounds may be others.

        Raises:
            InvalidInput: there is no such store, or nothing in it can be learned from.
        """
        path = store_path(place).resolve()
        run, entries = _stored(path)
        _check_similar(Problem.of(skill_from(run.skill)), problem, run.skill_name)
        digest = hashlib.sha256(run.skill_digest.encode())
        for entry in entries:
            digest.update(entry.episode.digest().encode())
        outcomes = (EpisodeOutcome.of(entry.episode, problem) for entry in entries)
        inside = tuple(one for one in outcomes if (np.abs(one.x - 0.5) <= 0.5).all())
        if not inside:
            expected = "a store with valid episodes within the bounds of the parameters"
            raise InvalidInput(FIELD, str(path), expected)
        return cls(path, digest.hexdigest(), inside)

    def noted(self) -> dict[str, str]:
        """Return what a later run keeps of it."""
        return {"store": str(self.path), "digest": self.digest}


def _stored(path: Path) -> tuple[LearningRun, list[StoredEpisode]]:
    """Return a run with its valid episodes."""
    try:
        with EpisodeStore.read(path) as store:
            return store.run, [entry for entry in store.episodes() if entry.is_valid]
    except InvalidInput as error:
        raise InvalidInput(FIELD, error.value, error.expected) from error


def _check_similar(earlier: Problem, problem: Problem, name: str) -> None:
    """Refuse a skill whose parameters, primitives or factors have other names."""
    ours = (problem.space.names, problem.primitives, problem.factors)
    theirs = (earlier.space.names, earlier.primitives, earlier.factors)
    for kind, wanted, came in zip(
        ("parameters", "primitives", "factors"), ours, theirs, strict=True
    ):
        if wanted != came:
            expected = f"a run of a skill with the {kind} {', '.join(wanted)}"
            raise InvalidInput(FIELD, f"{name} with the {kind} {', '.join(came)}", expected)
