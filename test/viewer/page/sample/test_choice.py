# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.viewer.page.sample.choice import SampleChoice

CHOICE = SampleChoice("arm", 5, 0.5, refine=True, distinct=True, collision_free=True, seed=3)
CONTEXT = np.arange(7.0)


def test_a_request_says_what_was_chosen():
    request = CHOICE.request(CONTEXT)
    assert (request.num_samples, request.temperature, request.seed) == (5, 0.5, 3)
    assert request.refine and request.avoid_self_collision
    np.testing.assert_array_equal(request.context, CONTEXT)


@pytest.mark.parametrize(
    ("change", "can_refine", "refine", "tolerance"),
    [
        ({}, True, True, 0.2),
        ({"distinct": False}, True, True, 0.0),
        ({"refine": False}, True, False, 0.0),
        ({}, False, False, 0.0),
    ],
)
def test_only_refined_rows_are_made_distinct(change, can_refine, refine, tolerance):
    request = replace(CHOICE, **change).request(CONTEXT, can_refine=can_refine)
    assert (request.refine, request.distinct_tolerance) == (refine, tolerance)
