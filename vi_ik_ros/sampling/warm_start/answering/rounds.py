# SPDX-License-Identifier: Apache-2.0
"""Who proposes rows, and how many: the model, then the ready configuration and random starts."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.warm_start.answering.request import Source
from vi_ik_ros.sampling.warm_start.answering.search import Search
from vi_ik_ros.sampling.warm_start.answering.terms import Terms

MAX_DRAWS = 10  # draws per wanted row
DRAWS_AHEAD = 3  # draws of one model call per wanted row, where some will be lost
ALIKE_AHEAD = 5  # where refined rows may be alike and nothing else is looked at: a call costs more
BODY_DRAWS_AHEAD = 1.5  # of whole bodies, whose draws hardly ever are alike
ROWS_PER_CALL = 32_768  # rows that one model call may draw: memory
ROWS_PER_TIMED_CALL = 1_024  # the same with a timeout: 5 milliseconds
ROWS_PER_CHECKED_CALL = 128  # the same with a timeout and obstacles: 5 milliseconds
RANDOM_STARTS = (7, 32, 64, 128, 128)  # of each round of the fallback


def group_size(terms: Terms) -> int:
    """Return how many targets are worked on together."""
    return max(1, _rows_per_call(terms) // _draws(terms))


def draw_from_model(
    search: Search,
    terms: Terms,
    model: ConditionalModel,
    contexts: np.ndarray,
    rngs: Sequence[np.random.Generator],
    hopeless: np.ndarray,
) -> int:
    """Propose draws of the model until each target has enough rows.

    What is drawn for a target depends on the request and on that target alone.

    Args:
        search: Takes the rows.
        terms: What is asked.
        model: Draws them.
        contexts: (B, dc).
        rngs: B generators.
        hopeless: (B,) bool, targets that no draw can meet; one round must do for them.

    Returns:
        The largest number of draws that a target was given.
    """
    most = terms.num_samples * (MAX_DRAWS if terms.refine or terms.filters else 1)
    missing, drawn = np.arange(len(contexts)), 0
    while drawn < most and len(missing) and not terms.expired:
        num_draws = min(_draws(terms), most - drawn)
        seen = drawn if model.repeats else 0
        streams = [rngs[int(i)] for i in missing]
        samples = model.sample(contexts[missing], seen + num_draws, streams)
        drawn += num_draws
        search.count_draws(num_draws * len(missing), samples.redrawn)
        log_prob = samples.log_prob[:, seen:]
        fields = {"log_prob": log_prob, "seed_log_prob": log_prob}
        fields["component"] = samples.component[:, seen:]
        if terms.obstacles is not None and not terms.refine:
            fields["chance"] = np.stack([rng.random(num_draws) for rng in streams])
        density = None
        if terms.body is not None and terms.refine and model.has_log_prob:
            density = _density(model, contexts)
        search.add(missing, samples.q[:, seen:], Source.MODEL, density, **fields)
        missing = missing[(search.found[missing] < terms.num_samples) & ~hopeless[missing]]
    return drawn


def _density(model: ConditionalModel, contexts: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return what tells the log density of rows under their targets' contexts."""

    def density(rows: np.ndarray) -> np.ndarray:
        result = np.empty(len(rows))
        for target in np.unique(rows["target"]):
            some = rows["target"] == target
            result[some] = model.log_prob(rows["q"][some][None], contexts[target][None])[0]
        return result

    return density


def fall_back(
    search: Search,
    terms: Terms,
    ready: np.ndarray,
    limits: tuple[np.ndarray, np.ndarray],
    rngs: Sequence[np.random.Generator],
    hopeless: np.ndarray,
) -> None:
    """Propose the ready configuration and random ones for targets without a row, until it has one.

    Args:
        search: Takes the rows.
        terms: What is asked.
        ready: (nq,).
        limits: (nq,), (nq,) between which starts are drawn.
        rngs: B generators.
        hopeless: (B,) bool, targets that nothing can meet.
    """
    lower, upper = limits
    for target in np.flatnonzero((search.found == 0) & ~hopeless):
        for size in RANDOM_STARTS:
            if search.found[target] or terms.expired:
                break
            if size == RANDOM_STARTS[0]:
                start = np.clip(ready, lower, upper)
                search.add(np.array([target]), start[None, None], Source.READY)
            starts = rngs[int(target)].uniform(lower, upper, (1, size, len(lower)))
            search.add(np.array([target]), starts, Source.RANDOM)


def _rows_per_call(terms: Terms) -> int:
    """Return how many rows one model call may draw."""
    if terms.deadline is None:
        return ROWS_PER_CALL
    return ROWS_PER_TIMED_CALL if terms.obstacles is None else ROWS_PER_CHECKED_CALL


def _draws(terms: Terms) -> int:
    """Return how many draws of each target one model call makes."""
    alike = terms.refine and terms.distinct_tolerance > 0.0
    ahead: float = DRAWS_AHEAD if terms.filters else ALIKE_AHEAD if alike else 1
    if terms.body is not None:
        ahead = min(ahead, BODY_DRAWS_AHEAD)
    return min(math.ceil(terms.num_samples * ahead), _rows_per_call(terms))
