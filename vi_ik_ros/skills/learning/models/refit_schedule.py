# SPDX-License-Identifier: Apache-2.0
"""After which episodes hyper-parameters are fitted anew; between them only the data change."""

REFITS = (10, 15, 20, 30, 40, 60)
LATER_INTERVAL = 20  # episodes, after the last of these


def last_refit(num_outcomes: int, num_initial: int) -> int:
    """Return the number of outcomes that the hyper-parameters in use are fitted to.

    Args:
        num_outcomes: seen so far.
        num_initial: of the initial design, after which the first fit is.

    Returns:
        The latest refit that is not after `num_outcomes`; 0 before the first.
    """
    if num_outcomes < num_initial:
        return 0
    after = max(num_initial, REFITS[-1])
    if num_outcomes >= after:
        return num_outcomes - (num_outcomes - after) % LATER_INTERVAL
    return max((n for n in REFITS if num_initial < n <= num_outcomes), default=num_initial)
