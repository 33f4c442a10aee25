# SPDX-License-Identifier: Apache-2.0
"""How a learning run went, episode by episode."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.viewer.figures.canvas import BLUE, GREEN, ORANGE, RED, labelled
from vi_ik_ros.viewer.page.figure_image import panels

HEIGHT = 2.3  # [in] of a panel


def learning_curve(entries: Sequence[StoredEpisode]) -> Figure:
    """Draw costs with the best so far, and the probability that each episode was given."""
    figure, (above, below) = panels(2, 1, HEIGHT)
    figure.set_size_inches(4.6, 2 * HEIGHT)
    valid = [entry for entry in entries if entry.is_valid]
    numbers = np.array([entry.number for entry in valid])
    success = np.array([entry.episode.success for entry in valid], dtype=bool)
    costs = np.array([entry.episode.cost if entry.episode.success else np.nan for entry in valid])
    above.plot(numbers[success], costs[success], "o", color=GREEN, markersize=4, label="success")
    if success.any():
        best = np.fmin.accumulate(costs)
        above.step(numbers, best, where="post", color=BLUE, linewidth=1.4, label="best so far")
    failed = numbers[~success]
    floor = np.zeros(len(failed))
    above.plot(failed, floor, "x", color=RED, markersize=4, clip_on=False, label="failure")
    above.set_ylim(0.0, None)
    above.legend(frameon=False, fontsize=8, ncols=3)
    labelled(above, "", "cost")
    chances = np.array([entry.suggestion.probability for entry in valid])
    below.plot(numbers, chances, ".-", color=ORANGE, linewidth=0.8, label="expected beforehand")
    if len(numbers):
        share = np.cumsum(success) / np.arange(1, len(success) + 1)
        below.plot(numbers, share, color=GREEN, linewidth=1.4, label="succeeded so far")
    below.set_ylim(-0.02, 1.02)
    below.legend(frameon=False, fontsize=8)
    labelled(below, "episode", "probability of success")
    return figure
