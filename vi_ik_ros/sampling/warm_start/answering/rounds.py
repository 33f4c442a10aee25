# SPDX-License-Identifier: Apache-2.0
"""Who proposes rows, and how many: the model, then the ready configuration and random starts."""

from collections.abc import Sequence

import numpy as np

from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.warm_start.answering.request import Source
from vi_ik_ros.sampling.warm_start.answering.search import Search
from vi_ik_ros.sampling.warm_start.answering.terms import Terms

MAX_DRAWS = 10  # draws per wanted row
# Draws per wanted row of the first model call, up to so many rows; a second call of the network
# costs as much as some hundred draws. More than 20 distinct rows of a pose take many draws.
DRAWS_AHEAD = ((16, 4), (64, MAX_DRAWS))
DRAWS_AHEAD_OF_MORE = 2
ROWS_PER_CALL = 32_768  # rows that one model call may draw: memory
ROWS_PER_TIMED_CALL = 4_096  # the same with a timeout: milliseconds
RANDOM_STARTS = (7, 32, 64, 128, 128)  # of each round of the fallback


def group_size(terms: Terms) -> int:
    """Return how many targets are worked on together."""
    return max(1, _rows_per_call(terms) // _draws(terms, 0))


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
        num_draws = min(_draws(terms, drawn), most - drawn)
        samples = model.sample(contexts[missing], num_draws, [rngs[int(i)] for i in missing])
        drawn += num_draws
        # With a reference all draws count: the nearest rows may be the last.
        last = num_draws if terms.reference is not None else min(num_draws, terms.num_samples)
        first = 0
        while first < num_draws:
            lacking = np.flatnonzero(search.found[missing] < terms.num_samples)
            if first and (terms.expired or not len(lacking)):
                break
            part = np.ix_(lacking, np.arange(first, last))
            search.add(
                missing[lacking],
                samples.q[part],
                Source.MODEL,
                log_prob=samples.log_prob[part],
                seed_log_prob=samples.log_prob[part],
                component=samples.component[part],
            )
            first, last = last, min(2 * last, num_draws)
        missing = missing[(search.found[missing] < terms.num_samples) & ~hopeless[missing]]
    return drawn


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
    return ROWS_PER_CALL if terms.deadline is None else ROWS_PER_TIMED_CALL


def _draws(terms: Terms, drawn: int) -> int:
    """Return how many draws of each target the next model call is worth, given those so far."""
    ahead = MAX_DRAWS
    if not drawn:
        rules = (draws for rows, draws in DRAWS_AHEAD if terms.num_samples <= rows)
        some_are_lost = terms.filters or (terms.refine and terms.distinct_tolerance > 0.0)
        ahead = next(rules, DRAWS_AHEAD_OF_MORE) if some_are_lost else 1
    return min(terms.num_samples * ahead, _rows_per_call(terms))
