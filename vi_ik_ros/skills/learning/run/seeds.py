# SPDX-License-Identifier: Apache-2.0
"""The seeds of a run's episodes: what counts is the number of an episode, not how it came to it."""

import numpy as np

LEARNING, CHECKING = 0, 1  # streams


def episode_seed(run_seed: int, index: int, attempt: int = 0) -> int:
    """Return the seed of an episode that is learned from; equal for all methods.

    Args:
        run_seed: of the run.
        index: of the suggestion, from 0.
        attempt: how many episodes with this suggestion were invalid before.
    """
    return _seed(run_seed, LEARNING, index, attempt)


def check_seed(run_seed: int, index: int) -> int:
    """Return the seed of an episode that checks a recommendation.

    Args:
        run_seed: of the run.
        index: of the check, from 0.
    """
    return _seed(run_seed, CHECKING, index)


def _seed(run_seed: int, *key: int) -> int:
    sequence = np.random.SeedSequence(run_seed, spawn_key=key)
    return int(sequence.generate_state(1, np.uint32)[0])
