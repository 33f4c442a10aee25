# SPDX-License-Identifier: Apache-2.0
"""Rows of the tables: from what the loop keeps, and back."""

import json
import math
from collections.abc import Sequence

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.episode_store.episode_json import episode_from_json, episode_to_json
from vi_ik_ros.skills.learning.episode_store.stored_episode import (
    StoredEpisode,
    StoredRecommendation,
)
from vi_ik_ros.skills.learning.optimizer import Recommendation, Suggestion
from vi_ik_ros.skills.learning.run.learning_run import LearningRun


def row_of_run(run: LearningRun) -> tuple:
    """Return the row of table `run`."""
    named = (run.skill_name, run.skill_digest, run.scene_name, run.scene_digest)
    decided = (run.plant, run.method, run.seed, json.dumps(run.settings), run.code)
    return (1, *named, *decided, json.dumps(run.skill), json.dumps(run.scene))


def run_from_row(row: Sequence) -> LearningRun:
    """Return what a row of table `run` holds.

    Raises:
        InvalidInput: the values are not those of the digests beside them.
    """
    skill_digest, scene_digest = row[2], row[4]
    plant, method, seed, settings, code, skill, scene = row[5:]
    try:
        skill, scene, settings = (json.loads(text) for text in (skill, scene, settings))
        run = LearningRun(skill, scene, plant, method, seed, settings, code)
        digests = (run.skill_digest, run.scene_digest)
    except (ValueError, TypeError) as error:
        raise InvalidInput("store.run", f"{error}", "JSON of a skill and a scene") from error
    if digests != (skill_digest, scene_digest):
        raise InvalidInput("store.run", digests[0], f"the digest {skill_digest} of its skill")
    return run


def row_of_episode(entry: StoredEpisode) -> tuple:
    """Return the row of table `episode`."""
    episode, suggestion = entry.episode, entry.suggestion
    return (
        entry.number,
        json.dumps(suggestion.x.tolist()),
        suggestion.probability,
        suggestion.reason,
        episode_to_json(episode),
        episode.digest(),
        episode.seed,
        int(episode.success),
        episode.cost,
        episode.invalid_reason,
        entry.suggest_seconds,
        entry.episode_seconds,
        entry.ended,
    )


def episode_from_row(row: Sequence) -> StoredEpisode:
    """Return what a row of table `episode` holds.

    Raises:
        InvalidInput: the record is not that of the digest beside it.
    """
    number, x, probability, reason, record, digest = row[:6]
    episode = episode_from_json(record)
    if episode.digest() != digest:
        raise InvalidInput("digest", episode.digest(), str(digest))
    if episode.success and not math.isfinite(episode.cost):
        raise InvalidInput("cost", episode.cost, "a number, since the episode succeeded")
    suggestion = Suggestion(np.array(json.loads(x), dtype=float), _number(probability), reason)
    return StoredEpisode(number, suggestion, episode, *row[10:])


def row_of_recommendation(entry: StoredRecommendation) -> tuple:
    """Return the row of table `recommendation`."""
    found = entry.recommendation
    numbers = (found.probability, found.cost, int(found.is_safe))
    return (
        entry.num_outcomes,
        entry.required_probability,
        json.dumps(found.x.tolist()),
        *numbers,
    )


def recommendation_from_row(row: Sequence) -> StoredRecommendation:
    """Return what a row of table `recommendation` holds."""
    num_outcomes, required, x, probability, cost, is_safe = row
    point = np.array(json.loads(x), dtype=float)
    found = Recommendation(point, _number(probability), _number(cost), bool(is_safe))
    return StoredRecommendation(num_outcomes, required, found)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
