# SPDX-License-Identifier: Apache-2.0
"""What a run is, and by which digest it is known."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from vi_ik_ros.kinematics.share import share_dir

PACKAGE = Path(__file__).parents[3]
LEARNING = ("skills/learning", "benchmarks/skill_learning/tasks", "benchmarks/skill_learning/runs")
SIMULATING = ("skills/plants", "skills/execution")
KEEPING = ("episode_store", "run", "loop.py")  # decide nothing about a suggestion
FORMULAS = "surrogate"  # names of tasks that are no simulation end in it


@dataclass(frozen=True)
class RunKey:
    """One run of an optimiser.

    Attributes:
        task: name of what is learned.
        method: name of the optimiser.
        seed: of the optimiser and of all episodes; equal seeds mean equal noise for all methods.
        variant: name of an ablation, or ''.
        num_episodes: how many.
        interval: episodes between two recommendations that are scored, at most.
    """

    task: str
    method: str
    seed: int
    variant: str = ""
    num_episodes: int = 60
    interval: int = 10

    @property
    def marks(self) -> tuple[int, ...]:
        """Return after how many episodes recommendations are scored."""
        step = min(self.interval, max(1, self.num_episodes // 2))
        return tuple(range(step, self.num_episodes + 1, step))

    def digest(self) -> str:
        """Return the digest of everything that decides the run, but for the machine."""
        facts = [asdict(self), _sources(LEARNING)]
        if not self.task.endswith(FORMULAS):
            facts += [_sources(SIMULATING), _files()]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


@cache
def _sources(folders: tuple[str, ...]) -> str:
    """Return the digest of all sources in folders of the package."""
    sources = hashlib.sha256()
    for folder in folders:
        for file in sorted((PACKAGE / folder).rglob("*.py")):
            if not set(file.relative_to(PACKAGE / folder).parts) & set(KEEPING):
                sources.update(file.read_bytes())
    return sources.hexdigest()


@cache
def _files() -> str:
    """Return the digest of all skills and scenes that come with the package."""
    files = hashlib.sha256()
    for folder in ("skills", "scenes"):
        for file in sorted((share_dir() / "config" / folder).glob("*.yaml")):
            files.update(file.read_bytes())
    return files.hexdigest()
