# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.sampling.experts.hierarchy import DAMPING, project_to_null_space
from vi_ik_ros.sampling.experts.objective_file import load_objectives


def place(name, frame, mean, priority, axes=("x", "y"), std=0.05):
    return {
        "name": name,
        "transform": {"type": "position", "frame": frame, "axes": list(axes)},
        "density": {"type": "normal", "mean": list(mean), "std": std},
        "priority": priority,
    }


LIMITS = {
    "name": "limits",
    "transform": {"type": "configuration"},
    "density": {
        "type": "normal_cdf",
        "lower": "joint_limits",
        "upper": "joint_limits",
        "std": 0.05,
    },
}
TIP = place("tip", "tip", (0.5, 1.0), 0)
MIDDLE = place("middle", "link_4", (0.9, 0.3), 1)
POSTURE = {
    "name": "posture",
    "transform": {"type": "configuration"},
    "density": {"type": "normal", "mean": [0.2] * 6, "std": 0.5},
    "priority": 4,
}


def product_of(*objectives, robot="planar6"):
    return load_objectives({"robot": robot, "objectives": list(objectives)}).product


def gradient(function, q):
    at = q.clone().requires_grad_()
    (result,) = torch.autograd.grad(function(at).sum(), at)
    return result


def jacobian(product, name, q):
    """By central differences of the transform."""
    transform, step, rows = product.expert(name).transform, 1e-6, []
    for column in torch.eye(q.shape[1], dtype=q.dtype) * step:
        ahead, behind = (transform(product.state(q + sign * column)) for sign in (1, -1))
        rows.append((ahead - behind) / (2 * step))
    return torch.stack(rows, dim=-1)


@pytest.fixture
def q():
    generator = torch.Generator().manual_seed(0)
    return 0.3 + 0.8 * torch.rand(5, 6, generator=generator, dtype=torch.float64)


def test_the_value_is_the_unfiltered_sum(q):
    product = product_of(TIP, LIMITS, MIDDLE, POSTURE)
    assert torch.equal(product.filtered_log_density(q), product.log_density(q))


def test_with_one_level_nothing_is_filtered(q):
    product = product_of(TIP, LIMITS, MIDDLE | {"priority": 0})
    assert torch.equal(product.filtered_log_density(q), product.log_density(q))
    filtered = gradient(product.filtered_log_density, q)
    assert torch.equal(filtered, gradient(product.log_density, q))


def test_the_gradient_is_that_of_the_formula_with_three_levels(q):
    product = product_of(POSTURE, TIP, LIMITS, MIDDLE)
    J_tip, J_middle = (jacobian(product, name, q) for name in ("tip", "middle"))
    expected = gradient(lambda q: product.log_density(q, priorities={0}), q)
    for level, J in ((1, J_tip), (4, torch.cat([J_tip, J_middle], dim=1))):
        damped = J @ J.mT + DAMPING * torch.eye(J.shape[1])
        N = torch.eye(6) - J.mT @ torch.linalg.inv(damped) @ J
        g = gradient(lambda q, level=level: product.log_density(q, priorities={level}), q)
        expected = expected + (N @ g[..., None])[..., 0]
    result = gradient(product.filtered_log_density, q)
    assert torch.allclose(result, expected, rtol=1e-5, atol=1e-5)


def test_a_later_objective_does_not_move_an_earlier_one(q):
    alone, both = product_of(TIP, LIMITS), product_of(TIP, LIMITS, MIDDLE)
    added = gradient(both.filtered_log_density, q) - gradient(alone.log_density, q)
    unfiltered = gradient(both.log_density, q) - gradient(alone.log_density, q)
    J = jacobian(both, "tip", q)
    moved, unfiltered_moved = ((J @ g[..., None]).norm(dim=(1, 2)) for g in (added, unfiltered))
    assert (moved < 1e-3 * unfiltered_moved).all()
    assert (added.norm(dim=-1) > 0.1).all()


def test_limits_claim_no_motion_but_an_equal_posture_claims_all(q):
    posture = POSTURE | {"priority": 0}
    tip = TIP | {"priority": 1}
    free = product_of(LIMITS, tip)
    assert torch.equal(gradient(free.filtered_log_density, q), gradient(free.log_density, q))
    claimed = product_of(posture, tip)
    only = gradient(product_of(posture).log_density, q)
    result = gradient(claimed.filtered_log_density, q)
    assert torch.allclose(result, only, atol=1e-4 * gradient(claimed.log_density, q).norm().item())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dependent_rows_and_rows_of_zero_are_harmless(dtype):
    generator = torch.Generator().manual_seed(0)
    J = torch.randn(4, 2, 5, generator=generator, dtype=dtype)
    g = torch.randn(4, 5, generator=generator, dtype=dtype)
    once = project_to_null_space(g, J)
    again = project_to_null_space(g, torch.cat([J, J, 2 * J, 0 * J], dim=1))
    assert once.dtype == dtype and torch.allclose(once, again, atol=1e-4)
    assert torch.allclose(project_to_null_space(once, J), once, atol=1e-4)
    assert torch.equal(project_to_null_space(g, 0 * J), g)


def test_orientations_and_projections_claim_the_motions_of_their_task(panda, configurations):
    pose = {"type": "pose", "frame": "panda_link8"}
    target = [0.4, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0]
    rest = {
        "name": "rest",
        "transform": {"type": "configuration"},
        "density": {"type": "normal", "mean": [0.0] * 7, "std": 1.0},
        "priority": 1,
    }
    transforms = {
        "pose": pose,
        "projection": {"type": "projection", "transform": pose, "target": target},
    }
    q = configurations(panda)
    J = torch.tensor(np.array([panda.jacobian(row) for row in q.numpy()]))
    for name, transform in transforms.items():
        density = {"type": "normal", "mean": target, "std": 0.1}
        first = {"name": name, "transform": transform, "density": density}
        alone, both = product_of(first, robot="panda"), product_of(first, rest, robot="panda")
        added = gradient(both.filtered_log_density, q) - gradient(alone.log_density, q)
        assert ((J @ added[..., None]).norm(dim=(1, 2)) < 1e-2 * q.norm(dim=-1)).all()


def test_parameters_and_contexts_receive_gradients_too(q):
    objectives = [TIP, {**MIDDLE, "density": {"type": "normal", "std": 0.1}}]
    context = [{"objective": "middle", "distribution": {"type": "reachable"}}]
    mapping = {"robot": "planar6", "objectives": objectives, "context": context}
    product = load_objectives(mapping).product
    row = torch.tensor([[0.9, 0.3]], dtype=torch.float64, requires_grad=True)
    (filtered,) = torch.autograd.grad(product.filtered_log_density(q, row).sum(), row)
    (plain,) = torch.autograd.grad(product.log_density(q, row).sum(), row)
    assert torch.allclose(filtered, plain)


def test_it_is_evaluated_without_gradients_too(q):
    product = product_of(TIP, MIDDLE)
    with torch.no_grad():
        value = product.filtered_log_density(q)
    assert not value.requires_grad and torch.equal(value, product.log_density(q))


@pytest.mark.parametrize("lever", [1.0, 1e3, 1e6, 1e9])
def test_a_task_that_is_asked_for_twice_claims_its_motion_once(lever):
    """The damping, 1e-5, is nothing beside the square of a lever."""
    generator = torch.Generator().manual_seed(0)
    row, gradient = torch.randn(2, 20, 5, generator=generator, dtype=torch.float64)
    claimed = torch.nn.functional.normalize(row, dim=-1)
    left = gradient - (gradient * claimed).sum(-1, keepdim=True) * claimed
    twice = lever * torch.stack([row, row], dim=1)
    assert torch.allclose(project_to_null_space(gradient, twice), left, atol=1e-4)
