# SPDX-License-Identifier: Apache-2.0
"""The learning curve as a message."""

from collections.abc import Sequence

import numpy as np

from vi_ik_ros.msg import LearningCurve
from vi_ik_ros.skills.learning.episode_store.stored_episode import (
    StoredEpisode,
    StoredRecommendation,
)
from vi_ik_ros.skills.learning.run.prepare import PreparedRun


def curve_to_msg(
    prepared: PreparedRun,
    entries: Sequence[StoredEpisode],
    recommendations: Sequence[StoredRecommendation],
) -> LearningCurve:
    """Return how a run goes; the header is left to whoever publishes it.

    Args:
        prepared: the run.
        entries: all its episodes so far, in their order.
        recommendations: all of its store; those of other required probabilities are left out.
    """
    run, required = prepared.run, prepared.request.required_probability
    valid = [entry for entry in entries if entry.is_valid]
    marks = [one for one in recommendations if one.required_probability == required]
    cost = np.array([entry.episode.cost for entry in valid], dtype=float)  # (n,)
    return LearningCurve(
        skill=run.skill_name,
        scene=run.scene_name,
        plant=run.plant,
        method=run.method,
        seed=run.seed,
        store=str(prepared.path),
        num_episodes=prepared.request.num_episodes,
        num_invalid=len(entries) - len(valid),
        required_probability=required,
        success=[entry.episode.success for entry in valid],
        failed_primitive=[entry.episode.failed_primitive for entry in valid],
        cost=cost.tolist(),
        best_cost=np.fmin.accumulate(cost).tolist(),
        probability=[entry.suggestion.probability for entry in valid],
        marks=[one.num_outcomes for one in marks],
        recommended_cost=[one.recommendation.cost for one in marks],
        recommended_probability=[one.recommendation.probability for one in marks],
        is_safe=[one.recommendation.is_safe for one in marks],
    )
