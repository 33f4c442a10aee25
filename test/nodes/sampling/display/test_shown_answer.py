# SPDX-License-Identifier: Apache-2.0
"""Which row of an answer stands out."""

from types import SimpleNamespace

import numpy as np
import pytest

from vi_ik_ros.nodes.sampling.display.shown_answer import shown_rows

NAN = np.nan


def answer(counts, log_prob, converged=None) -> SimpleNamespace:
    number = len(log_prob)
    converged = np.array(converged or [False] * number, dtype=bool)
    return SimpleNamespace(
        counts=np.array(counts),
        positions=np.zeros((number, 2)),
        log_prob=np.array(log_prob),
        converged=converged,
    )


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        (answer([3], [1.0, 3.0, 2.0]), [1, 0, 2]),
        (answer([3], [1.0, 3.0, 2.0], [True, False, True]), [2, 0, 1]),
        (answer([3], [NAN, -5.0, NAN]), [1, 0, 2]),
        (answer([2], [NAN, NAN]), [0, 1]),
        (answer([0, 2, 1], [1.0, 2.0, 9.0]), [1, 0, 2]),  # densities of two targets do not compare
        (answer([0, 0], []), []),
    ],
)
def test_the_most_probable_row_of_the_first_target_comes_first(given, rows):
    assert shown_rows(given, 50).tolist() == rows
    assert shown_rows(given, 1).tolist() == rows[:1]
