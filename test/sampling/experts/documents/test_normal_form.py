# SPDX-License-Identifier: Apache-2.0
import copy
import json
import math

import pytest

from vi_ik_ros.sampling.experts.objective_file import load_objectives

CAPSULE = {"frame": "tip", "end": [0, 0, 0.1], "radius": 0.1}
WALL = {"type": "half_space", "point": [0, 2, 0], "normal": [0, -1, 0]}
POINT = {"type": "position", "frame": "tip", "axes": ["x"]}
PLANE = {"type": "position", "frame": "tip", "axes": ["x", "y"]}
JOINTS = {"type": "configuration"}
CLEAR = {"type": "distance", "capsules": [CAPSULE], "obstacles": [WALL]}
STEPS = {"type": "projection", "transform": POINT}
URDF = {
    "urdf": '<robot name="one"><link name="base"/><link name="tip"/>'
    '<joint name="turn" type="revolute"><parent link="base"/><child link="tip"/>'
    '<limit lower="-1" upper="2" effort="1" velocity="1"/></joint></robot>'
}


def document(transform, density, robot="planar3"):
    objective = {"name": "one", "transform": transform, "density": density}
    return {"robot": robot, "objectives": [objective]}


def normal(**fields):
    return {"type": "normal", "mean": 1.0, "std": 0.1} | fields


def bounds(**fields):
    return {"type": "normal_cdf", "std": 0.1} | fields


def robot(**fields):
    hand = {"type": "position", "frame": "tip", "axes": ["x"]}
    return document(hand, normal(), URDF | fields)


def digest(written):
    return load_objectives(written).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (document(POINT, normal(mean=[1])), document(POINT, normal())),
        (document(POINT, normal(std=[0.1])), document(POINT, normal())),
        (document(POINT, normal(mean=-0.0)), document(POINT, normal(mean=0))),
        (document(POINT, normal() | {"std": 0.1}), document(POINT, normal(std=(0.1,)))),
        (document(STEPS | {"target": [1.0]}, normal()), document(STEPS | {"target": 1}, normal())),
        (
            document(STEPS | {"target": 1, "damping": [0.1]}, normal()),
            document(STEPS | {"target": 1, "damping": 0.1}, normal()),
        ),
        (
            document(JOINTS, bounds(lower=[None, -math.inf, 1])),
            document(JOINTS, bounds(lower=[-math.inf, None, 1.0])),
        ),
        (
            document(JOINTS, bounds(lower=None, upper=1)),
            document(JOINTS, bounds(upper=1)),
        ),
        (
            document(JOINTS, bounds(lower=0, upper=[None, None, math.inf])),
            document(JOINTS, bounds(lower=0)),
        ),
        (document(JOINTS, bounds(lower=None)), document(JOINTS, bounds(upper=[math.inf] * 3))),
        (
            document(POINT, bounds(directions=[2], upper=1)),
            document(POINT, bounds(directions=[[2]], upper=[1.0])),
        ),
        (document(CLEAR | {"spheres": []}, bounds(lower=0)), document(CLEAR, bounds(lower=[0]))),
        (
            document(CLEAR | {"self_distance": False}, bounds(lower=0)),
            document(CLEAR, bounds(lower=0)),
        ),
        (document(POINT, normal()), document(POINT, normal()) | {"context": []}),
        (robot(root=None, locked={}, ready=None), robot()),
        (robot(floating_base=False), robot(floating_base=None)),
        (robot(floating_base={}), robot(floating_base=True)),
    ],
    ids=range(17),
)
def test_what_reads_the_same_has_one_digest(one, other):
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (document(POINT, normal()), document(POINT, normal(mean=1.1))),
        (document(POINT, normal(mean=0)), document(PLANE, normal(mean=[0, 0]))),
        (document(JOINTS, bounds(lower=0)), document(JOINTS, bounds(upper=0))),
        (document(JOINTS, bounds(lower=0)), document(JOINTS, bounds(lower=0, upper=1))),
        (document(JOINTS, bounds(lower=None)), document(JOINTS, bounds(lower=0))),
        (document(POINT, bounds(directions=[2], upper=1)), document(POINT, bounds(upper=1))),
        (robot(floating_base={}), robot()),
        (robot(tip="base"), robot()),
    ],
    ids=range(8),
)
def test_what_reads_otherwise_has_another_digest(one, other):
    assert digest(one) != digest(other)


def test_the_normal_form_is_its_own_and_the_original_is_left_alone():
    written = document(CLEAR | {"spheres": []}, bounds(lower=[0], upper=None))
    before = copy.deepcopy(written)
    stored = load_objectives(written).document
    assert written == before
    again = load_objectives(json.loads(json.dumps(stored, allow_nan=False)))
    assert again.document == stored


def test_a_matrix_of_one_entry_stays_a_matrix():
    stored = load_objectives(document(POINT, {"type": "normal", "mean": 1, "covariance": [[4]]}))
    assert stored.document["objectives"][0]["density"]["covariance"] == [[4.0]]
