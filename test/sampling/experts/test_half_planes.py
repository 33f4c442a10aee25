# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from scipy import stats

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.densities import NormalCdf
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.transforms import Position

PLANE = Position("tip", ("x", "y"))
FEET = [[0.1, 0.2], [-0.1, 0.2], [-0.1, -0.2], [0.1, -0.2], [0.0, 0.0], [0.1, 0.0]]


def cdf(**fields):
    return NormalCdf.from_fields(Fields({"std": 0.01} | fields), PLANE)


def points(num, spread):
    generator = torch.Generator().manual_seed(0)
    return spread * torch.randn(num, 2, generator=generator, dtype=torch.float64)


def test_directions_bound_the_products_as_written():
    w = np.array([[3.0, 4.0], [0.0, -2.0], [1.0, 1.0]])
    density = cdf(directions=w.tolist(), lower=[None, -1.0, -2.0], upper=[5.0, None, 2.0], std=0.7)
    v = points(50, 3.0)
    s = v.numpy() @ w.T
    lower, upper = np.array([-np.inf, -1.0, -2.0]), np.array([5.0, np.inf, 2.0])
    terms = stats.norm.logcdf((s - lower) / 0.7) + stats.norm.logcdf((upper - s) / 0.7)
    assert np.allclose(density.log_density(v).numpy(), terms.sum(axis=1))


def test_unit_directions_are_plain_bounds():
    v = points(50, 1.0)
    with_directions = cdf(directions=[[1, 0], [0, 1]], lower=[-1, -2], upper=[1, 2])
    plain = cdf(lower=[-1, -2], upper=[1, 2])
    assert torch.allclose(with_directions.log_density(v), plain.log_density(v))


def test_a_polygon_costs_nothing_inside_and_its_distance_outside():
    density = cdf(polygon=FEET)
    assert density.directions.shape == (4, 2)  # inner corners and those on a side add none
    inside = (points(500, 0.05).abs() < torch.tensor([0.05, 0.15])).all(-1)
    height = density.log_density(points(500, 0.05))
    assert height[inside].min() > -1e-5
    outside = torch.tensor([[0.3, 0.0]], dtype=torch.float64, requires_grad=True)
    cost = density.log_density(outside)
    (slope,) = torch.autograd.grad(cost.sum(), outside)
    assert cost.item() == pytest.approx(stats.norm.logcdf(-20.0), rel=1e-6)
    assert slope[0, 0] < -1000 and slope[0, 1].abs() < 1e-9


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"directions": [[1, 0], [0, 0]], "upper": 1}, "directions[1]", "not all 0"),
        ({"directions": [[1, 0, 0]], "upper": 1}, "directions[0]", "2 finite"),
        ({"directions": [1, 0], "upper": 1}, "directions[0]", "2 finite"),
        ({"directions": [], "upper": 1}, "directions", "a list of directions"),
        ({"directions": [[1, 0]]}, "lower", "in both"),
        ({"directions": [[1, 0]], "upper": [1, 2]}, "upper", "list of 1"),
        ({"directions": [[1, 0]], "upper": "joint_limits"}, "upper", "a number"),
        ({"polygon": FEET, "lower": 0}, "lower", "not both"),
        ({"polygon": FEET, "directions": [[1, 0]]}, "directions", "not both"),
        ({"polygon": FEET[:2]}, "polygon", "3 corners"),
        ({"polygon": [[0, 0], [1, 1], [2, 2]]}, "polygon", "not in a line"),
        ({"polygon": [[0, 0], [1, 1], [2, "a"]]}, "polygon[2]", "2 finite"),
    ],
)
def test_wrong_bounds_are_refused(fields, field, expected):
    with pytest.raises(ObjectiveError) as caught:
        cdf(**fields)
    assert caught.value.field == field
    assert expected in caught.value.expected


def test_a_polygon_is_for_two_entries():
    with pytest.raises(ObjectiveError, match="2 entries") as caught:
        NormalCdf.from_fields(Fields({"polygon": FEET, "std": 1.0}), Position("tip"))
    assert caught.value.field == "polygon"


def test_the_objective_of_a_direction_without_length_is_named():
    balance = {
        "name": "balance",
        "transform": {"type": "position", "frame": "tip"},
        "density": {"type": "normal_cdf", "directions": [[0, 0, 0]], "upper": 1, "std": 0.1},
    }
    with pytest.raises(ObjectiveError, match=r"not all 0 \(objective balance\)") as caught:
        load_objectives({"robot": "planar2", "objectives": [balance]})
    assert caught.value.field == "objectives[0].density.directions[0]"
