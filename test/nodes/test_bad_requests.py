# SPDX-License-Identifier: Apache-2.0
"""What bad input gets: a code, a line with field, value and expectation, and the node goes on."""

import math

import pytest
from geometry_msgs.msg import Point, Pose, Quaternion
from std_msgs.msg import Header

from vi_ik_ros.srv import SampleConfigurations

Answer = SampleConfigurations.Response


def pose(x=0.45, y=0.05, z=0.35, q=(1.0, 0.0, 0.0, 0.0)):
    return Pose(
        position=Point(x=x, y=y, z=z), orientation=Quaternion(x=q[0], y=q[1], z=q[2], w=q[3])
    )


GOOD = {"targets": [pose()], "num_samples": 3, "seed": 1}
NAN, INF = math.nan, math.inf
BAD = {
    "unknown model": (
        {"model": "tiny_poze"},
        Answer.UNKNOWN_MODEL,
        "model",
        "tiny_poze",
        "tiny_pose",
    ),
    "model as a path": ({"model": "../x"}, Answer.UNKNOWN_MODEL, "model", "../x", "tiny_pose"),
    "wrong frame": (
        {"header": Header(frame_id="camera")},
        Answer.INVALID_FRAME,
        "header.frame_id",
        "camera",
        "panda_link0",
    ),
    "unknown tip": ({"tip_frame": "hand"}, Answer.INVALID_FRAME, "tip_frame", "hand", "panda_hand"),
    "loose tip": (
        {"tip_frame": "panda_link5"},
        Answer.INVALID_FRAME,
        "tip_frame",
        "panda_link5",
        "panda_link8",
    ),
    "long quaternion": (
        {"targets": [pose(q=(1.0, 1.0, 0.0, 0.0))]},
        Answer.INVALID_TARGET,
        "targets[0]",
        "1",
        "norm",
    ),
    "zero quaternion": (
        {"targets": [pose(), pose(q=(0.0,) * 4)]},
        Answer.INVALID_TARGET,
        "targets[1]",
        "0",
        "norm",
    ),
    "NaN quaternion": (
        {"targets": [pose(q=(NAN, 0.0, 0.0, 1.0))]},
        Answer.INVALID_TARGET,
        "targets[0]",
        "nan",
        "",
    ),
    "infinite position": (
        {"targets": [pose(x=INF)]},
        Answer.INVALID_TARGET,
        "targets[0]",
        "inf",
        "finite",
    ),
    "no target": ({"targets": []}, Answer.INVALID_TARGET, "targets", "", ""),
    "too many targets": ({"targets": [pose()] * 21}, Answer.INVALID_TARGET, "targets", "21", "20"),
    "NaN context": (
        {"targets": [], "context": [NAN] * 7},
        Answer.INVALID_CONTEXT,
        "context",
        "nan",
        "finite",
    ),
    "infinite context": (
        {"targets": [], "context": [INF] * 7},
        Answer.INVALID_CONTEXT,
        "context",
        "inf",
        "finite",
    ),
    "context length": (
        {"targets": [], "context": [0.1] * 6},
        Answer.INVALID_CONTEXT,
        "context",
        "6",
        "7",
    ),
    "no samples": ({"num_samples": 0}, Answer.INVALID_NUM_SAMPLES, "num_samples", "0", "500"),
    "too many samples": (
        {"num_samples": 501},
        Answer.INVALID_NUM_SAMPLES,
        "num_samples",
        "501",
        "500",
    ),
    "too many rows": (
        {"targets": [pose()] * 10, "num_samples": 201},
        Answer.INVALID_NUM_SAMPLES,
        "num_samples",
        "201",
        "200",
    ),
    "negative tolerance": (
        {"position_tolerance": -1e-3},
        Answer.INVALID_TOLERANCE,
        "position_tolerance",
        "-0.001",
        "",
    ),
    "NaN tolerance": (
        {"orientation_tolerance": NAN},
        Answer.INVALID_TOLERANCE,
        "orientation_tolerance",
        "nan",
        "",
    ),
    "negative distance": (
        {"distinct_tolerance": -0.1},
        Answer.INVALID_TOLERANCE,
        "distinct_tolerance",
        "-0.1",
        "",
    ),
    "short reference": ({"reference": [0.0] * 3}, Answer.INVALID_REFERENCE, "reference", "3", "7"),
    "NaN reference": (
        {"reference": [NAN] * 7},
        Answer.INVALID_REFERENCE,
        "reference",
        "nan",
        "finite",
    ),
    "negative timeout": ({"timeout": -1.0}, Answer.INVALID_REQUEST, "timeout", "-1", ""),
    "bad offset": (
        {"tip_offset": pose(q=(2.0, 0.0, 0.0, 0.0))},
        Answer.INVALID_TARGET,
        "tip_offset",
        "2",
        "norm",
    ),
}


@pytest.mark.parametrize("name", list(BAD))
def test_bad_request_gets_a_code_and_a_line_and_the_node_goes_on(session, name):
    change, code, field, value, expected = BAD[name]
    answer = session.sample(**{**GOOD, **change})
    assert (answer.error_code, len(answer.positions), len(answer.counts)) == (code, 0, 0)
    assert answer.error_msg.startswith(field)
    assert "expected" in answer.error_msg
    assert "\n" not in answer.error_msg
    for part in (value, expected):
        assert part in answer.error_msg
    after = session.sample(**GOOD)
    assert (after.error_code, list(after.counts)) == (Answer.NONE, [3])


def test_fault_of_the_node_is_internal_and_the_node_goes_on(session, monkeypatch):
    solver = session.node._models.get("tiny_pose").solver

    def broken(request):
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr(type(solver), "solve", lambda self, request: broken(request))
    answer = session.sample(**GOOD)
    assert answer.error_code == Answer.INTERNAL
    assert answer.error_msg == "ZeroDivisionError: by zero"
    monkeypatch.undo()
    assert session.sample(**GOOD).error_code == Answer.NONE
