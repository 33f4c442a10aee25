# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from vi_ik_ros.nodes.recording.exchange import Exchange
from vi_ik_ros.nodes.recording.player import Verdict, compare
from vi_ik_ros.srv import SampleConfigurations

Response = SampleConfigurations.Response


def response(**fields):
    values = {"model_digest": "abc", "joint_names": ["a", "b"], "counts": [1], "elapsed": 1.0}
    values |= {"positions": [0.25, 0.5], "log_prob": [math.nan], "target_msg": [""]}
    return Response(**{**values, **fields})


@pytest.mark.parametrize(
    ("request_fields", "then", "now", "verdict", "words"),
    [
        ({"seed": 1}, {}, {"elapsed": 2.0}, Verdict.EQUAL, ""),
        ({"seed": 0}, {}, {}, Verdict.EQUAL, ""),
        ({"seed": 1}, {}, {"positions": [0.25, 0.75]}, Verdict.DIFFERENT, "by up to 0.25"),
        ({"seed": 1}, {}, {"positions": []}, Verdict.DIFFERENT, "rows"),
        ({"seed": 1}, {}, {"log_prob": [0.0]}, Verdict.DIFFERENT, "log_prob"),
        ({"seed": 1}, {}, {"target_msg": ["late"]}, Verdict.DIFFERENT, "target_msg"),
        ({"seed": 0}, {}, {"positions": [0.0, 0.0]}, Verdict.FRESH_SEED, ""),
        ({"seed": 1, "timeout": 1.0}, {}, {"counts": [0]}, Verdict.TIMED, "counts"),
        ({"seed": 1}, {}, {"model_digest": "xyz"}, Verdict.OTHER_MODEL, "xyz, recorded abc"),
        ({"seed": 1}, {}, {"error_code": 1, "error_msg": "no"}, Verdict.DIFFERENT, "1 no"),
        ({"seed": 0}, {"error_code": 5}, {"error_code": 5}, Verdict.EQUAL, ""),
    ],
)
def test_answers_compare(make_request, request_fields, then, now, verdict, words):
    exchange = Exchange(make_request(**request_fields), response(**then), 0.0)
    found, detail = compare(exchange, response(**now))
    assert found == verdict
    assert words in detail
    assert bool(detail) == bool(words)


def test_a_request_whose_answer_is_missing_is_not_compared(make_request):
    exchange = Exchange(make_request(seed=1), None, 0.0)
    assert compare(exchange, response()) == (Verdict.NOT_RECORDED, "")
