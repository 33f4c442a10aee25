# SPDX-License-Identifier: Apache-2.0
"""A predicted probability in words that claim no more than a model can know."""

import math

ALMOST, HARDLY = 0.995, 0.005  # from and up to which two digits would read as certainty


def chance(probability: float, unknown: str = "") -> str:
    """Write a probability with two digits, never as 0.00 or 1.00: a prediction is not certain.

    Args:
        probability: that is predicted; NaN where there is no idea.
        unknown: what stands for that.
    """
    if math.isnan(probability):
        return unknown
    if probability >= ALMOST:
        return ">0.99"
    return "<0.01" if probability < HARDLY else f"{probability:.2f}"
