# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import kinematic_state
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.transforms import Projection

LINE = {"type": "position", "frame": "tip", "axes": ["y"]}


def projected(steps, std=0.005, **transform):
    """Fig. 5: configurations from which steps lead to the line y = 1."""
    projection = {"type": "projection", "transform": LINE, "target": 1.0, "steps": steps}
    line = {
        "name": "line",
        "transform": projection | transform,
        "density": {"type": "normal", "std": std},
    }
    return load_objectives({"robot": "planar2", "objectives": [line]})


def near_the_line(num, spread=0.1):
    """Configurations around the ridge sin q0 + sin(q0 + q1) = 1."""
    generator = torch.Generator().manual_seed(0)
    q0 = torch.rand(num, generator=generator, dtype=torch.float64) * 2.0 + 0.5
    q1 = torch.asin(1.0 - q0.sin()) - q0
    noise = torch.randn(num, 2, generator=generator, dtype=torch.float64)
    return torch.stack([q0, q1], dim=-1) + spread * noise


def heights(objectives, q):
    transform = objectives.product.expert("line").transform
    q_projected = transform.project(objectives.product.chain, q)
    return transform.inner(kinematic_state(objectives.product.chain, q_projected))[:, 0]


def test_each_step_leads_nearer():
    q = near_the_line(200)
    errors = [(heights(projected(n), q) - 1.0).abs().median().item() for n in (1, 2, 3)]
    at_first = (q[:, 0].sin() + q.sum(1).sin() - 1.0).abs().median().item()
    assert errors[0] < 0.1 * at_first
    assert errors[1] < 0.01 * errors[0]
    assert errors[2] < 1e-6


def test_one_step_is_the_formula_with_pinocchios_jacobian(panda, configurations):
    fields = {
        "transform": {"type": "position", "frame": "panda_link8"},
        "target": [0.4, 0.1, 0.5],
        "steps": 1,
        "damping": 0.01,
    }
    transform = Projection.from_fields(Fields(fields), panda)
    chain = Chain(panda, transform.frames)
    q = configurations(panda)
    J = torch.tensor(np.array([panda.jacobian(row) for row in q.numpy()]))[:, :3]
    error = torch.tensor(fields["target"]) - torch.tensor(panda.forward(q.numpy()))[:, :3, 3]
    weights = torch.linalg.solve(J @ J.mT + 0.01 * torch.eye(3), error.unsqueeze(-1))
    assert torch.allclose(transform.project(chain, q), q + (J.mT @ weights)[..., 0], atol=1e-9)


def test_the_accepted_region_widens_with_the_steps():
    q = near_the_line(500, spread=0.3)
    accepted = [(projected(n).product.log_density(q) > -2.0).double().mean() for n in (1, 2, 3)]
    assert accepted == sorted(accepted)
    assert accepted[0] < 0.7 and accepted[2] > 0.95


def test_a_solution_stays_where_it_is():
    q = near_the_line(10, spread=0.0)
    objectives = projected(3)
    transform = objectives.product.expert("line").transform
    assert torch.allclose(transform.project(objectives.product.chain, q), q, atol=1e-12)
    assert objectives.product.log_density(q).abs().max() < 1e-12


@pytest.mark.parametrize("steps", [1, 2])
def test_the_steps_are_differentiable(steps):
    product = projected(steps, std=0.5).product
    q = near_the_line(3, spread=0.3).requires_grad_()
    assert torch.autograd.gradcheck(product.log_density, q)


def test_values_are_the_same_with_and_without_a_graph():
    product = projected(2).product
    q = near_the_line(5)
    expected = product.log_density(q.clone().requires_grad_()).detach()
    with torch.no_grad():
        value = product.log_density(q)
    assert not value.requires_grad and torch.allclose(value, expected)
    assert not product.log_density(q).requires_grad


def test_a_singular_posture_gives_finite_steps():
    """The outstretched arm along x cannot move its tip in x; the arm along y not in y."""
    q = torch.tensor([[0.0, 0.0], [torch.pi / 2, 0.0]], dtype=torch.float64, requires_grad=True)
    height = projected(2).product.log_density(q)
    (gradient,) = torch.autograd.grad(height.sum(), q)
    assert height.isfinite().all() and gradient.isfinite().all()


def test_the_mean_is_the_target_unless_another_is_given():
    line = projected(2).product.expert("line")
    assert line.density.mean.tolist() == [1.0]
    pose = {"type": "pose", "frame": "tip"}
    target = [0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    objectives = projected(1, transform=pose, target=target, std={"position": 1, "orientation": 2})
    expert = objectives.product.expert("line")
    assert expert.density.scale.tolist() == [1.0] * 3 + [2.0] * 3
    assert expert.transform.kind == "pose"


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("target", None, "target", "1 finite number"),
        ("target", [1, 2], "target", "1 finite number"),
        ("steps", 0, "steps", "from 1 to 100"),
        ("damping", 0, "damping", "positive"),
        ("transform", {"type": "configuration"}, "transform.type", "position"),
        ("transform", {"type": "position", "frame": "tpi"}, "transform.frame", "tip"),
    ],
)
def test_wrong_fields_are_refused(key, value, field, expected):
    with pytest.raises(ObjectiveError) as caught:
        projected(**({"steps": 2} | {key: value}))
    assert caught.value.field == f"objectives[0].transform.{field}"
    assert expected in caught.value.expected
    assert "objective line" in str(caught.value)
