# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch
from scipy import stats

from vi_ik_ros.exceptions import ContextError
from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.sampling.experts.objective_file import load_objectives


@pytest.fixture(scope="module")
def panda_pose(objectives_dir):
    return load_objectives(objectives_dir / "panda_pose.yaml")


def poses_of(objectives, q):
    product = objectives.product
    transform = product.expert("flange").transform
    return transform.to_wire(transform(product.state(q)))


def with_objectives(mapping, *more):
    return mapping | {"objectives": [*mapping["objectives"], *more]}


def test_the_planar_line_is_its_formula(objectives_dir):
    objectives = load_objectives(objectives_dir / "planar2_line.yaml")
    lower, upper = np.array([0.02, -np.pi + 0.02]), np.array([np.pi - 0.02, np.pi - 0.02])
    assert np.allclose([objectives.robot.lower, objectives.robot.upper], [lower, upper])
    q = np.random.default_rng(0).uniform(-4, 4, (100, 2))
    height = np.sin(q[:, 0]) + np.sin(q.sum(1))
    limits = stats.norm.logcdf((q - lower) / 0.05) + stats.norm.logcdf((upper - q) / 0.05)
    expected = -((height - 1.0) ** 2) / (2 * 0.03**2) + limits.sum(1)
    assert np.allclose(objectives.product.log_density(torch.tensor(q)).numpy(), expected)


def test_a_reached_pose_costs_nothing_and_others_do(panda_pose, configurations):
    q = configurations(panda_pose.robot)
    terms = panda_pose.product.expert_log_densities(q, poses_of(panda_pose, q))
    assert terms["flange"].abs().max() < 1e-9
    other = poses_of(panda_pose, configurations(panda_pose.robot, seed=1))
    assert panda_pose.product.expert_log_densities(q, other)["flange"].max() < -10


def test_both_signs_of_a_quaternion_are_one_context(panda_pose, configurations):
    q = configurations(panda_pose.robot)
    context = poses_of(panda_pose, configurations(panda_pose.robot, seed=1))
    negated = torch.cat([context[:, :3], -context[:, 3:]], dim=1)
    product = panda_pose.product
    assert torch.equal(product.log_density(q, context), product.log_density(q, negated))


def test_one_context_row_serves_the_batch(panda_pose, configurations):
    q = configurations(panda_pose.robot)
    row = poses_of(panda_pose, configurations(panda_pose.robot, num=1, seed=1))
    product = panda_pose.product
    assert torch.allclose(
        product.log_density(q, row), product.log_density(q, row.expand(len(q), -1))
    )


def test_the_product_is_the_sum_of_its_experts(panda_pose, configurations):
    q = configurations(panda_pose.robot)
    context = poses_of(panda_pose, configurations(panda_pose.robot, seed=1))
    terms = panda_pose.product.expert_log_densities(q, context)
    total = panda_pose.product.log_density(q, context)
    assert torch.allclose(total, sum(terms.values()))


def test_an_expert_of_no_weight_changes_nothing(planar_mapping, configurations):
    free = {
        "name": "free",
        "transform": {"type": "orientation", "frame": "tip"},
        "density": {"type": "normal", "mean": [0, 0, 0, 1], "std": 1e12},
    }
    without, with_it = (
        load_objectives(mapping)
        for mapping in (planar_mapping, with_objectives(planar_mapping, free))
    )
    q = configurations(without.robot)
    context = torch.tensor([[0.5, 1.0]], dtype=torch.float64)
    assert torch.allclose(
        without.product.log_density(q, context), with_it.product.log_density(q, context)
    )


def test_priorities_split_the_sum(planar_mapping, configurations):
    rest = {
        "name": "rest",
        "transform": {"type": "configuration"},
        "density": {"type": "normal", "mean": [0, 0, 0], "std": 1.0},
        "priority": 2,
    }
    product = load_objectives(with_objectives(planar_mapping, rest)).product
    q = torch.full((3, 3), 0.4, dtype=torch.float64)
    context = torch.tensor([[0.5, 1.0]], dtype=torch.float64)
    primary = product.log_density(q, context, priorities={0})
    secondary = product.log_density(q, context, priorities={2})
    assert torch.allclose(product.log_density(q, context), primary + secondary)
    assert torch.allclose(secondary, torch.tensor(-0.5 * 3 * 0.16).double())
    assert torch.equal(product.log_density(q, context, priorities={1}), torch.zeros(3).double())
    assert (product.priorities, product.bound) == ((0, 2), False)


def test_the_gradient_is_that_of_finite_differences(panda_pose, configurations):
    q = configurations(panda_pose.robot, num=2)
    context = poses_of(panda_pose, q + 0.02)

    def log_density(q):
        return panda_pose.product.log_density(q, context)

    assert torch.autograd.gradcheck(log_density, q.requires_grad_(), rtol=1e-3)


def test_float32_agrees_with_float64(panda_pose, configurations):
    q = configurations(panda_pose.robot, num=50)
    context = poses_of(panda_pose, q + 0.03)
    single = panda_pose.product.to(torch.float32)
    result = single.log_density(q.float(), context.float())
    assert result.dtype == torch.float32
    assert torch.allclose(
        result.double(), panda_pose.product.log_density(q, context), rtol=1e-3, atol=1e-3
    )


def test_forward_kinematics_run_once_for_all_experts(planar_mapping, monkeypatch):
    more = [
        {
            "name": f"more{i}",
            "transform": {"type": kind, "frame": "tip"},
            "density": {"type": "normal", "mean": mean, "std": 1.0},
        }
        for i, (kind, mean) in enumerate(
            [
                ("position", [0, 0, 0]),
                ("pose", [0, 0, 0, 0, 0, 0, 1]),
                ("orientation", [0, 0, 0, 1]),
            ]
        )
    ]
    product = load_objectives(with_objectives(planar_mapping, *more)).product
    calls, forward = [], Chain.forward
    monkeypatch.setattr(Chain, "forward", lambda *args: calls.append(1) or forward(*args))
    product.log_density(torch.zeros(2, 3).double(), torch.zeros(1, 2).double())
    assert len(calls) == 1


@pytest.mark.parametrize("shape", [None, (1, 6), (1, 8), (7,), (2, 1, 7)])
def test_a_context_of_another_shape_is_refused(panda_pose, shape):
    context = None if shape is None else torch.zeros(shape, dtype=torch.float64)
    with pytest.raises(ContextError, match=r"shape \(B, 7\): flange \(7\)"):
        panda_pose.product.log_density(torch.zeros(1, 7).double(), context)


def test_a_product_without_context_takes_none_or_empty_rows(objectives_dir):
    product = load_objectives(objectives_dir / "planar2_line.yaml").product
    q = torch.tensor([[math.pi / 2, math.pi / 2]], dtype=torch.float64)
    empty = torch.zeros(1, 0, dtype=torch.float64)
    assert torch.equal(product.log_density(q), product.log_density(q, empty))
    with pytest.raises(ContextError, match="nothing"):
        product.log_density(q, torch.zeros(1, 3))
