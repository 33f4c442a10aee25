# SPDX-License-Identifier: Apache-2.0
"""Obstacles of a request, from the message to rows that keep off them."""

import numpy as np
import pytest

from vi_ik_ros.kinematics.collisions.clearance import LinkClearance
from vi_ik_ros.kinematics.collisions.solids import Box, HalfSpace
from vi_ik_ros.msg import Obstacle
from vi_ik_ros.nodes.sampling.conversions import pose_to_msg
from vi_ik_ros.srv import SampleConfigurations

Answer = SampleConfigurations.Response
POSE = pose_to_msg(np.array([0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0]))
TABLE = Obstacle(type="half_space", point=[0.0, 0.0, 0.0], normal=[0.0, 0.0, 1.0])
BOX = Obstacle(type="box", pose=[0.35, -0.4, 0.2], size=[0.3, 0.3, 0.4])
MARGIN = 0.02
SOLIDS = (
    HalfSpace((0.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    Box((0.35, -0.4, 0.2, 0.0, 0.0, 0.0, 1.0), (0.3, 0.3, 0.4)),
)


@pytest.mark.parametrize("refine", [False, True])
def test_rows_keep_off_the_obstacles_of_the_request(session, robot, refine):
    answer = session.sample(
        targets=[POSE, POSE],
        num_samples=40,
        seed=3,
        refine=refine,
        obstacles=[TABLE, BOX],
        obstacle_margin=MARGIN,
    )
    assert answer.error_code == Answer.NONE
    q = np.array(answer.positions).reshape(-1, 7)
    assert len(q) == sum(answer.counts) > 20
    assert LinkClearance(robot).distance_to(SOLIDS)(q).min() > MARGIN
    assert (0 < np.array(answer.survived)).all()
    assert (np.array(answer.survived) < np.array(answer.checked)).all()
    assert (np.array(answer.ess) <= np.array(answer.survived)).all()
    assert len(answer.log_weight) == len(q) and max(answer.log_weight) <= 0.0
    assert np.isfinite(answer.log_prob).sum() >= np.sum(np.array(answer.source) == 0)


def test_an_answer_without_obstacles_counts_nothing(session):
    answer = session.sample(targets=[POSE], num_samples=5, seed=3)
    assert list(answer.checked) == list(answer.survived) == [0] and list(answer.ess) == [0.0]
    assert list(answer.log_weight) == [0.0] * 5


BAD = {
    "unknown type": ([Obstacle(type="torus")], "obstacles[0].type", "torus", "sphere"),
    "no type": ([Obstacle()], "obstacles[0].type", "nothing", "sphere"),
    "negative radius": (
        [TABLE, Obstacle(type="sphere", center=[0.0] * 3, radius=-0.1)],
        "obstacles[1].radius",
        "-0.1",
        "positive",
    ),
    "no number": (
        [Obstacle(type="sphere", center=[0.0, np.nan, 0.0], radius=0.1)],
        "obstacles[0].center",
        "nan",
        "finite",
    ),
    "zero normal": (
        [Obstacle(type="half_space", point=[0.0] * 3, normal=[0.0] * 3)],
        "obstacles[0].normal",
        "0.0",
        "direction",
    ),
    "another type's key": (
        [Obstacle(type="half_space", point=[0.0] * 3, normal=[1.0] * 3, radius=1.0)],
        "obstacles[0].radius",
        "unknown",
        "point",
    ),
    "long quaternion": (
        [Obstacle(type="box", pose=[0.0] * 3 + [1.0] * 4, size=[1.0] * 3)],
        "obstacles[0].pose",
        "1.0",
        "norm 1",
    ),
    "too many": ([TABLE] * 101, "obstacles", "101", "max_obstacles"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_obstacle_is_named_and_the_node_goes_on(session, name):
    obstacles, field, value, expected = BAD[name]
    answer = session.sample(targets=[POSE], num_samples=3, obstacles=obstacles)
    assert answer.error_code == Answer.INVALID_REQUEST
    assert answer.error_msg.startswith(f"{field}: ") and "\n" not in answer.error_msg
    assert value in answer.error_msg and expected in answer.error_msg
    assert not answer.positions
    good = session.sample(targets=[POSE], num_samples=3, obstacles=[TABLE])
    assert good.error_code == Answer.NONE


def test_a_negative_margin_is_refused(session):
    answer = session.sample(targets=[POSE], num_samples=3, obstacles=[TABLE], obstacle_margin=-0.1)
    assert answer.error_code == Answer.INVALID_REQUEST
    assert answer.error_msg.startswith("obstacle_margin: ")
