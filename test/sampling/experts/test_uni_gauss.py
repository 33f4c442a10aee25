# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.densities import UniGauss
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.transforms import Position

LINE = Position("tip", ("x",))
SPACE = torch.linspace(-2.0, 3.0, 20_001, dtype=torch.float64)[:, None]  # 5 m


def uni_gauss(**fields):
    common = {"mean": [0.5], "std": 0.05, "probability": 0.9, "volume": 5.0}
    return UniGauss.from_fields(Fields(common | fields), LINE)


def mass(density):
    return torch.trapezoid(density.log_density(SPACE).exp(), SPACE[:, 0]).item()


@pytest.mark.parametrize("probability", [0.01, 0.5, 0.999])
def test_it_integrates_to_one_over_the_task_space(probability):
    assert mass(uni_gauss(probability=probability)) == pytest.approx(1.0, rel=1e-6)


def test_a_neglected_objective_costs_what_the_uniform_density_does():
    far = torch.tensor([[2.5]], dtype=torch.float64)
    assert uni_gauss().log_density(far).item() == pytest.approx(math.log(0.1 / 5.0))


def test_far_values_stay_finite_in_value_and_slope():
    for width in ({}, {"width": 3.0}):
        far = torch.tensor([[1e6], [-1e6]], dtype=torch.float64, requires_grad=True)
        height = uni_gauss(**width).log_density(far)
        (slope,) = torch.autograd.grad(height.sum(), far)
        assert height.isfinite().all() and slope.isfinite().all()


def test_a_twin_pulls_where_the_uniform_density_is_flat():
    value = torch.tensor([[2.0]], dtype=torch.float64, requires_grad=True)
    slopes = [
        torch.autograd.grad(density.log_density(value).sum(), value)[0].item()
        for density in (uni_gauss(), uni_gauss(width=10.0))
    ]
    assert abs(slopes[0]) < 1e-100 and slopes[1] < -1.0
    assert mass(uni_gauss(width=5.0)) == pytest.approx(1.0, rel=1e-6)


def test_annealing_widens_the_twin_until_it_is_the_uniform_density():
    density = uni_gauss(width=4.0)
    widths = [density.annealed(progress).width for progress in (0.0, 0.25, 0.5, 0.99)]
    assert widths[0] == 4.0 and widths == sorted(widths)
    peak = torch.tensor([[0.5]], dtype=torch.float64)
    nearly, meant = density.annealed(1 - 1e-9), density.annealed(1.0)
    assert torch.allclose(nearly.log_density(peak), meant.log_density(peak))
    assert torch.equal(meant.log_density(SPACE), uni_gauss().log_density(SPACE))
    assert uni_gauss().annealed(0.3).width is None


def test_a_context_fills_the_mean():
    objective = {
        "name": "tip",
        "transform": {"type": "position", "frame": "tip", "axes": ["x"]},
        "density": {"type": "uni_gauss", "std": 0.1, "probability": 0.8, "volume": 4.0},
    }
    context = [{"objective": "tip", "distribution": {"type": "uniform", "lower": 0, "upper": 1}}]
    mapping = {"robot": "planar2", "objectives": [objective], "context": context}
    product = load_objectives(mapping).product
    q = torch.tensor([[0.3, 0.4]], dtype=torch.float64)
    x = math.cos(0.3) + math.cos(0.7)
    at, beside = (
        product.log_density(q, torch.tensor([[c]], dtype=torch.float64)).item() for c in (x, 9.0)
    )
    assert at == pytest.approx(math.log(0.8 / (0.1 * math.sqrt(2 * math.pi)) + 0.2 / 4.0))
    assert beside == pytest.approx(math.log(0.2 / 4.0))


def test_a_product_anneals_its_experts():
    objective = {
        "name": "tip",
        "transform": {"type": "position", "frame": "tip", "axes": ["x"]},
        "density": {
            "type": "uni_gauss",
            "mean": 1.0,
            "std": 0.1,
            "probability": 0.8,
            "volume": 4.0,
            "width": 2.0,
        },
    }
    product = load_objectives({"robot": "planar2", "objectives": [objective]}).product
    assert product.annealed(0.5).expert("tip").density.width > 2.0
    assert product.annealed(1.0).expert("tip").density.width is None
    assert product.expert("tip").density.width == 2.0


def two_tasks():
    objectives = [
        {
            "name": axis,
            "transform": {"type": "position", "frame": "tip", "axes": [axis]},
            "density": {
                "type": "uni_gauss",
                "mean": mean,
                "std": 0.1,
                "probability": 0.8,
                "volume": 4.0,
            },
        }
        for axis, mean in (("x", 1.9), ("y", 1.9))  # out of reach together
    ]
    return load_objectives({"robot": "planar2", "objectives": objectives}).product


def test_the_combinations_of_tasks_add_up_to_the_product():
    product = two_tasks()
    q = torch.rand(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
    parts = [
        product.combination({"x": x, "y": y}).log_density(q)
        for x in (True, False)
        for y in (True, False)
    ]
    assert torch.allclose(torch.stack(parts).logsumexp(dim=0), product.log_density(q))


def test_tasks_that_exclude_each_other_have_little_mass_together():
    product = two_tasks()
    grid = torch.cartesian_prod(*[torch.linspace(0.0, 3.14, 300, dtype=torch.float64)] * 2)
    mass = {
        pursued: product.combination(dict(zip("xy", pursued, strict=True)))
        .log_density(grid)
        .exp()
        .sum()
        for pursued in ((True, True), (True, False), (False, True))
    }
    assert mass[True, True] < 1e-6 * min(mass[True, False], mass[False, True])


def test_only_optional_objectives_are_decided():
    with pytest.raises(ObjectiveError, match=r"uni_gauss objective \(x, y\)"):
        two_tasks().combination({"z": True})


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("probability", 0, "positive"),
        ("probability", 1, "between 0 and 1"),
        ("volume", 0.1, "more than 0.125"),
        ("volume", "big", "positive"),
        ("width", 1, "above 1, at most 39.9"),
        ("width", 50, "above 1, at most 39.9"),
        ("std", 0, "positive"),
    ],
)
def test_wrong_fields_are_refused(field, value, expected):
    with pytest.raises(ObjectiveError) as caught:
        uni_gauss(**{field: value})
    assert caught.value.field == field
    assert expected in caught.value.expected
