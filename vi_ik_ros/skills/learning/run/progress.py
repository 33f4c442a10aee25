# SPDX-License-Identifier: Apache-2.0
"""How far a learning run is, and how it ended."""

from dataclasses import dataclass, replace
from enum import StrEnum

from vi_ik_ros.skills.learning.episode_store.stored_episode import (
    StoredEpisode,
    StoredRecommendation,
)


class Ending(StrEnum):
    """Why a loop ended."""

    COMPLETE = "complete"  # all episodes that were asked for
    STOPPED = "stopped"  # when asked to
    INVALID = "invalid"  # episodes that say nothing, one after another


@dataclass(frozen=True)
class Progress:
    """What the episodes of a run came to so far.

    Attributes:
        num_valid: episodes that were learned from.
        num_invalid: others.
        num_tries: invalid ones since the last valid one.
        num_successes: of the valid ones.
        first_success: how many valid ones it took, None before it.
        best: the successful episode of least cost, None without a success.
    """

    num_valid: int = 0
    num_invalid: int = 0
    num_tries: int = 0
    num_successes: int = 0
    first_success: int | None = None
    best: StoredEpisode | None = None

    @property
    def num_episodes(self) -> int:
        """Return how many were carried out."""
        return self.num_valid + self.num_invalid

    def after(self, entry: StoredEpisode) -> "Progress":
        """Return the progress with one more episode."""
        if not entry.is_valid:
            return replace(self, num_invalid=self.num_invalid + 1, num_tries=self.num_tries + 1)
        counted = replace(self, num_valid=self.num_valid + 1, num_tries=0)
        if not entry.episode.success:
            return counted
        is_better = self.best is None or entry.episode.cost < self.best.episode.cost
        return replace(
            counted,
            num_successes=self.num_successes + 1,
            first_success=self.first_success or counted.num_valid,
            best=entry if is_better else self.best,
        )


@dataclass(frozen=True)
class LearningSummary:
    """What a learning run came to.

    Attributes:
        ending: why it ended.
        progress: of all episodes in its store.
        recommendation: the last one, None before the first valid episode.
    """

    ending: Ending
    progress: Progress
    recommendation: StoredRecommendation | None
