# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest

from vi_ik_ros.exceptions import ContextError, InvalidInput, RequestError
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, WarmStartSolver

from .conftest import entry

BALL = {"type": "sphere", "center": [0.0, 0.0, 0.0], "radius": 1.0}
BOX = {"type": "box", "pose": [0.0, 0.0, 0.0], "size": [1.0, 1.0, 1.0]}
PLANE = {"type": "half_space", "point": [0.0, 0.0, 0.0], "normal": [0.0, 0.0, 1.0]}
NAN, INF = float("nan"), float("inf")


def pose_with(**values: float) -> np.ndarray:
    names = ["x", "y", "z", "qx", "qy", "qz", "qw"]
    row = dict.fromkeys(names, 0.0) | {"x": 0.4, "qw": 1.0} | values
    return np.array([[row[name] for name in names]])


BAD = [
    ({"num_samples": 0}, "num_samples", "1 to 100000"),
    ({"num_samples": 100_001}, "num_samples", "1 to 100000"),
    ({"seed": -1}, "seed", "2"),
    ({"position_tolerance": -1e-3}, "position_tolerance", ">= 0"),
    ({"orientation_tolerance": NAN}, "orientation_tolerance", ">= 0"),
    ({"distinct_tolerance": INF}, "distinct_tolerance", ">= 0"),
    ({"timeout": -1.0}, "timeout", ">= 0"),
    ({"temperature": -1.0}, "temperature", "0.001 to 2.0"),
    ({"temperature": 2.5}, "temperature", "0.001 to 2.0"),
    ({"temperature": NAN}, "temperature", "0.001 to 2.0"),
    ({"temperature": 0.5}, "temperature", "nothing is random in a model of the family box"),
    ({"reference_max_distance": -0.1}, "reference_max_distance", ">= 0"),
    ({"reference_max_distance": 0.1}, "reference_max_distance", "reference is empty"),
    ({"reference": np.zeros(6)}, "reference", "7"),
    ({"reference": np.full(7, NAN)}, "reference", "finite"),
    ({"targets": pose_with(x=NAN)}, "targets[0]", "finite"),
    ({"targets": pose_with(z=INF)}, "targets[0]", "finite"),
    ({"targets": pose_with(qw=0.998)}, "targets[0].orientation", "unit quaternion"),
    ({"targets": pose_with(qw=0.0)}, "targets[0].orientation", "unit quaternion"),
    ({"targets": np.zeros((1, 6))}, "targets", "(B, 7)"),
    ({"tip_frame": "panda_link3"}, "tip_frame", "panda_link8"),
    ({"tip_frame": "no_such_link"}, "tip_frame", "panda_link"),
    ({"tip_offset": np.array([0, 0, 0, 0, 0, 0, 2.0])}, "tip_offset[0].orientation", "unit"),
    ({"tip_offset": np.array([NAN, 0, 0, 0, 0, 0, 1.0])}, "tip_offset[0]", "finite"),
    ({"context": np.zeros(7)}, "context", "none beside targets"),
    ({"obstacle_margin": 0.1}, "obstacle_margin", "obstacles is empty"),
    ({"obstacle_margin": NAN}, "obstacle_margin", ">= 0"),
    ({"obstacles": ({"type": "torus"},)}, "obstacles[0].type", "sphere"),
    ({"obstacles": (BALL, BALL | {"radius": -1.0})}, "obstacles[1].radius", "positive"),
    ({"obstacles": (BALL | {"center": [0.0, NAN, 0.0]},)}, "obstacles[0].center", "3 finite"),
    ({"obstacles": (BALL | {"size": [1.0] * 3},)}, "obstacles[0].size", "center"),
    ({"obstacles": (PLANE | {"normal": [0.0] * 3},)}, "obstacles[0].normal", "direction"),
    ({"obstacles": (BOX | {"pose": [0.0] * 7},)}, "obstacles[0].pose", "norm 1"),
    ({"obstacles": ({"type": "box", "size": [1.0] * 3},)}, "obstacles[0].pose", "x y z"),
]


@pytest.mark.parametrize(("change", "field", "expected"), BAD)
def test_bad_field_is_named(panda, stored, poses, change, field, expected) -> None:
    solver = WarmStartSolver(panda, stored)
    request = dataclasses.replace(SampleRequest(targets=poses[:1]), **change)
    with pytest.raises(RequestError) as error:
        solver.solve(request)
    assert error.value.field == field and expected in error.value.expected


def test_a_quaternion_that_is_nearly_unit_is_normalised(panda, stored, poses) -> None:
    solver = WarmStartSolver(panda, stored)
    scaled = poses[:1] * np.array([1, 1, 1, 1.0009, 1.0009, 1.0009, 1.0009])
    exact = solver.solve(SampleRequest(targets=poses[:1], seed=1))
    np.testing.assert_allclose(solver.solve(SampleRequest(targets=scaled, seed=1)).position_error,
                               exact.position_error, atol=1e-12)  # fmt: skip


def test_both_signs_of_a_quaternion_give_the_same_bits(panda, stored, poses) -> None:
    solver = WarmStartSolver(panda, stored)
    flipped = poses * np.array([1, 1, 1, -1, -1, -1, -1])
    request = SampleRequest(targets=poses, num_samples=3, seed=2, refine=True)
    rows = solver.solve(request).positions
    again = solver.solve(dataclasses.replace(request, targets=flipped)).positions
    np.testing.assert_array_equal(rows, again)


@pytest.mark.parametrize(
    ("context", "error"),
    [
        (np.zeros(6), ContextError),
        (np.empty(0), ContextError),
        (np.array([NAN, 0, 0, 0, 0, 0, 1.0]), ContextError),
        (np.array([0.4, 0, 0, 0, 0, 0, 1.5]), ContextError),
    ],
)
def test_bad_context_is_named(panda, stored, context, error) -> None:
    with pytest.raises(error) as caught:
        WarmStartSolver(panda, stored).solve(SampleRequest(context=context))
    assert caught.value.field.startswith("context")


def test_what_a_model_cannot_do_is_refused(panda, make_stored, poses) -> None:
    contexts = np.arange(40.0).reshape(20, 2)
    solver = WarmStartSolver(panda, make_stored(contexts, entry("distance", 2)))
    for request, field in (
        (SampleRequest(context=contexts[:1], refine=True), "refine"),
        (SampleRequest(targets=poses[:1]), "targets"),
        (SampleRequest(context=contexts[:1], tip_frame="panda_hand"), "tip_frame"),
    ):
        with pytest.raises(InvalidInput) as caught:
            solver.solve(request)
        assert caught.value.field == field


def test_a_position_model_takes_no_distant_tool(panda, make_stored, poses) -> None:
    solver = WarmStartSolver(panda, make_stored(poses[:, :3].copy(), entry("position", 3)))
    offset = np.array([0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 1.0])
    with pytest.raises(RequestError, match="knows no orientation"):
        solver.solve(SampleRequest(targets=poses[:1], tip_offset=offset))


def test_a_solver_can_have_another_limit(panda, stored, poses) -> None:
    solver = WarmStartSolver(panda, stored, max_num_samples=10)
    with pytest.raises(RequestError, match="1 to 10"):
        solver.solve(SampleRequest(targets=poses[:1], num_samples=11))
