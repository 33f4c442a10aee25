# SPDX-License-Identifier: Apache-2.0
"""The contract of every transform, then what each of them is for."""

import math

import numpy as np
import pinocchio as pin
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import kinematic_state
from vi_ik_ros.sampling.experts.transforms import TRANSFORMS

EXAMPLES = [
    {"type": "configuration"},
    {"type": "configuration", "joints": ["panda_joint6", "panda_joint2"]},
    {"type": "position", "frame": "panda_link8"},
    {"type": "position", "frame": "panda_link5", "axes": ["z", "x"], "offset": [0.1, -0.2, 0.3]},
    {"type": "orientation", "frame": "panda_link8"},
    {"type": "pose", "frame": "panda_link8"},
    {"type": "pose_matrix", "frame": "panda_link8"},
    {"type": "relative_position", "frame": "panda_link8", "in_frame": "panda_link2"},
    {
        "type": "relative_position",
        "frame": "panda_link2",
        "in_frame": "panda_link8",
        "axes": ["y", "x"],
        "offset": [0.1, 0.0, -0.2],
    },
    {"type": "center_of_mass"},
    {
        "type": "center_of_mass",
        "axes": ["x", "y"],
        "relative_to": ["panda_link8", "panda_link2"],
    },
    {
        "type": "distance",
        "spheres": [
            {"frame": "panda_link8", "radius": 0.1},
            {"frame": "panda_link4", "offset": [0.05, 0.0, 0.02], "radius": 0.0},
        ],
        "obstacles": [
            {"type": "sphere", "center": [0.5, 0.0, 0.5], "radius": 0.2},
            {"type": "box", "pose": [0.4, 0.3, 0.3, 0.6, 0.0, 0.0, 0.8], "size": [0.3, 0.9, 0.5]},
            {"type": "half_space", "point": [0.0, 0.0, 0.1], "normal": [0.0, 1.0, 2.0]},
        ],
        "self_distance": True,
    },
    {
        "type": "projection",
        "transform": {"type": "position", "frame": "panda_link8"},
        "target": [0.5, 0.0, 0.5],
    },
    {
        "type": "projection",
        "transform": {"type": "pose", "frame": "panda_link8"},
        "target": [0.5, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0],
        "steps": 1,
        "damping": 0.01,
    },
]


def test_every_transform_has_an_example():
    assert {example["type"] for example in EXAMPLES} == set(TRANSFORMS)


@pytest.fixture(params=EXAMPLES, ids=lambda example: f"{example['type']}{len(example)}")
def transform(request, panda):
    return TRANSFORMS[request.param["type"]].from_fields(Fields(request.param), panda)


@pytest.fixture
def evaluate(panda):
    def value(transform, q):
        return transform(kinematic_state(Chain(panda, transform.frames), q))

    return value


def test_the_wire_form_holds_the_value(transform, evaluate, panda, configurations):
    value = evaluate(transform, configurations(panda))
    rows = transform.to_wire(value)
    assert rows.shape == (6, transform.size)
    assert torch.allclose(transform.from_wire(rows), value, atol=1e-12)


def test_a_value_does_not_differ_from_itself(transform, evaluate, panda, configurations):
    value = evaluate(transform, configurations(panda))
    residual = transform.difference(value, value)
    assert residual.shape == (6, transform.residual_size)
    assert residual.abs().max() < 1e-7


def test_retract_undoes_difference(transform, evaluate, panda, configurations):
    value = evaluate(transform, configurations(panda))
    reference = evaluate(transform, configurations(panda, seed=1))
    residual = transform.difference(value, reference)
    assert residual.abs().max() > 0.1
    assert torch.allclose(transform.retract(reference, residual), value, atol=1e-9)


def test_the_gradient_of_the_residual_is_its_slope(transform, evaluate, panda, configurations):
    reference = evaluate(transform, configurations(panda, num=1, seed=1))

    def residual(q):
        return transform.difference(evaluate(transform, q), reference)

    assert torch.autograd.gradcheck(residual, configurations(panda, num=2).requires_grad_())


def test_float32_stays_float32(transform, panda, configurations):
    q = configurations(panda).float()
    value = transform(kinematic_state(Chain(panda, transform.frames, dtype=torch.float32), q))
    assert value.dtype == torch.float32
    assert transform.difference(value, value).dtype == torch.float32
    assert transform.to_wire(value).dtype == torch.float32


def test_a_pose_residual_is_pinocchios_log_map(panda, evaluate, configurations):
    transform = TRANSFORMS["pose"].from_fields(Fields({"frame": "panda_link8"}), panda)
    q, q_reference = configurations(panda, num=20), configurations(panda, num=20, seed=1)
    value, reference = evaluate(transform, q), evaluate(transform, q_reference)
    residual = transform.difference(value, reference).numpy()
    for row, T, T_star in zip(residual, value.numpy(), reference.numpy(), strict=True):
        assert np.allclose(row[:3], T[:3, 3] - T_star[:3, 3])
        assert np.allclose(row[3:], pin.log3(T_star[:3, :3].T @ T[:3, :3]), atol=1e-9)


def test_a_position_is_that_of_pinocchio_with_the_offset(panda, evaluate, configurations):
    fields = Fields({"frame": "panda_link8", "axes": ["y"], "offset": [0.0, 0.1, 0.0984]})
    transform = TRANSFORMS["position"].from_fields(fields, panda)
    q = configurations(panda)
    T_root_tip = panda.forward(q.numpy(), "panda_link8")
    point = T_root_tip @ np.array([0.0, 0.1, 0.0984, 1.0])
    assert np.allclose(evaluate(transform, q).numpy()[:, 0], point[:, 1], atol=1e-12)


def test_q_and_minus_q_are_one_orientation(panda):
    transform = TRANSFORMS["orientation"].from_fields(Fields({"frame": "panda_link8"}), panda)
    row = torch.nn.functional.normalize(torch.tensor([[0.1, -0.4, 0.3, 0.8]]).double())
    assert torch.equal(transform.from_wire(row), transform.from_wire(-row))


def test_a_pose_matrix_lists_the_columns_of_the_rotation(panda, evaluate, configurations):
    transform = TRANSFORMS["pose_matrix"].from_fields(Fields({"frame": "panda_link8"}), panda)
    q = configurations(panda)
    T_root_tip = panda.forward(q.numpy(), "panda_link8")
    expected = np.concatenate([T_root_tip[:, :3, i] for i in (3, 0, 1, 2)], axis=1)
    assert np.allclose(evaluate(transform, q).numpy(), expected, atol=1e-12)


def test_a_pose_stands_for_the_entries_of_its_matrix(panda, evaluate, configurations):
    transform = TRANSFORMS["pose_matrix"].from_fields(Fields({"frame": "panda_link8"}), panda)
    pose = TRANSFORMS["pose"].from_fields(Fields({"frame": "panda_link8"}), panda)
    q = configurations(panda, num=1)
    written = pose.to_wire(evaluate(pose, q))[0].tolist()
    read = transform.read_reference(Fields({"mean": written}), "mean")
    assert torch.allclose(read, evaluate(transform, q)[0])
    with pytest.raises(ObjectiveError, match="norm 1"):
        transform.read_reference(Fields({"mean": [*written[:6], 3.0]}), "mean")
    with pytest.raises(ObjectiveError, match="12 finite"):
        transform.read_reference(Fields({"mean": written[:6]}), "mean")


def test_a_relative_position_is_that_of_pinocchio(panda, evaluate, configurations):
    fields = {"frame": "panda_link8", "in_frame": "panda_link3", "offset": [0.1, 0.0, 0.2]}
    transform = TRANSFORMS["relative_position"].from_fields(Fields(fields), panda)
    q = configurations(panda)
    T_root_b, T_root_a = (panda.forward(q.numpy(), f) for f in ("panda_link8", "panda_link3"))
    expected = np.linalg.inv(T_root_a) @ T_root_b @ np.array([0.1, 0.0, 0.2, 1.0])
    assert np.allclose(evaluate(transform, q).numpy(), expected[:, :3], atol=1e-12)
    assert transform.expressed_in == "panda_link3"


def test_frames_that_never_move_against_each_other_are_refused(panda):
    fields = Fields({"frame": "panda_link8", "in_frame": "panda_hand"}, "transform")
    with pytest.raises(ObjectiveError, match="a joint moves against panda_link8") as caught:
        TRANSFORMS["relative_position"].from_fields(fields, panda)
    assert caught.value.field == "transform.in_frame"


def test_a_center_of_mass_is_that_of_pinocchio_less_the_middle_of_the_frames(
    panda, evaluate, configurations
):
    feet = ["panda_link8", "panda_link2"]
    transform = TRANSFORMS["center_of_mass"].from_fields(Fields({"relative_to": feet}), panda)
    q = configurations(panda)
    center = np.array([panda.center_of_mass(row) for row in q.numpy()])
    middle = np.mean([panda.forward(q.numpy(), foot)[:, :3, 3] for foot in feet], axis=0)
    assert np.allclose(evaluate(transform, q).numpy(), center - middle, atol=1e-9)


def test_the_center_of_mass_of_a_robot_without_masses_is_refused(turning_arm):
    with pytest.raises(ObjectiveError, match="moving links have masses"):
        TRANSFORMS["center_of_mass"].from_fields(Fields({"type": "center_of_mass"}), turning_arm)


def test_continuous_joints_differ_by_the_short_way(turning_arm):
    transform = TRANSFORMS["configuration"].from_fields(Fields({}), turning_arm)
    value = torch.tensor([[3.1, 1.9], [math.pi / 2, 0.0]], dtype=torch.float64)
    reference = torch.tensor([-3.1, -0.9], dtype=torch.float64)
    residual = transform.difference(value, reference)
    assert torch.allclose(residual[0], torch.tensor([6.2 - 2 * math.pi, 2.8]).double())
    assert transform.retract(reference, residual)[0, 0] == pytest.approx(3.1)
    assert transform.limits == ((-math.inf, -1.0), (math.inf, 2.0))
