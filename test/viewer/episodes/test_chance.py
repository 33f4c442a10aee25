# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from vi_ik_ros.viewer.episodes.chance import chance


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0, "<0.01"),
        (0.0049, "<0.01"),
        (0.005, "0.01"),
        (0.5, "0.50"),
        (0.9949, "0.99"),
        (0.995, ">0.99"),
        (1.0 - 2.7e-12, ">0.99"),
        (1.0, ">0.99"),
        (math.nan, ""),
    ],
)
def test_no_prediction_is_written_as_certain(probability, words):
    assert chance(probability) == words


def test_what_is_not_known_can_have_a_word():
    assert chance(math.nan, "unknown") == "unknown"
