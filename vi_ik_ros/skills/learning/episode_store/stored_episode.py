# SPDX-License-Identifier: Apache-2.0
"""What a store keeps besides courses: episodes with their suggestions, and recommendations."""

from dataclasses import dataclass

from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.learning.optimizer import Recommendation, Suggestion


@dataclass(frozen=True)
class StoredEpisode:
    """An episode that ended, and how it came about.

    Attributes:
        number: from 1, in the order of execution, invalid ones counted.
        suggestion: what was tried.
        episode: the record.
        suggest_seconds: that the choice took [s].
        episode_seconds: that the execution took [s], on the wall's clock.
        ended: when it ended [s], since 1970.
    """

    number: int
    suggestion: Suggestion
    episode: Episode
    suggest_seconds: float
    episode_seconds: float
    ended: float

    @property
    def is_valid(self) -> bool:
        """Whether the episode says something about its parameters."""
        return not self.episode.invalid_reason


@dataclass(frozen=True)
class StoredRecommendation:
    """What an optimiser would have used after some episodes.

    Attributes:
        num_outcomes: valid episodes that it was made of.
        required_probability: of success, that it was asked for.
        recommendation: what it recommended.
    """

    num_outcomes: int
    required_probability: float
    recommendation: Recommendation
