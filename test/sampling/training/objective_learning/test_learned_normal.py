# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.rotation import exp_so3
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.objective_learning.learned_normal import (
    LearnedNormal,
    default_form,
    first_values,
)

MEAN = [0.4, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0]
PARTS = {"position": [0.01, 0.02, 0.03], "orientation": 0.1}


def expert(density, transform=None):
    transform = transform or {"type": "pose", "frame": "panda_link8"}
    objective = {"name": "hand", "transform": transform, "density": {"type": "normal", **density}}
    return load_objectives({"robot": "panda", "objectives": [objective]}).product.experts[0]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize(
    ("form", "numbers"),
    [
        (0.05, 1),
        ([0.01, 0.02, 0.03, 0.1, 0.2, 0.3], 6),
        (PARTS, 4),
        ({"orientation": 0.1, "position": 0.02}, 2),
    ],
)
def test_a_std_keeps_the_form_in_which_it_is_written(form, numbers):
    learned = LearnedNormal(expert({"mean": MEAN, "std": form}), ("std",), form)
    assert learned.size == numbers
    zero = torch.zeros(numbers).double()
    assert learned.written(zero) == {"std": form}
    doubled = learned.written(zero + math.log(2.0))["std"]
    again = expert({"mean": MEAN, "std": doubled})
    torch.testing.assert_close(again.density.scale, 2 * learned.start.scale)


@pytest.mark.parametrize("fields", [("mean", "std"), ("mean", "covariance"), ("mean",)])
def test_what_is_written_is_what_was_meant(fields):
    first = expert({"mean": MEAN, "std": PARTS})
    if "covariance" in fields:
        first = expert({"mean": MEAN, "covariance": (first.density.scale**2).diag().tolist()})
    learned = LearnedNormal(first, fields, PARTS)
    coordinates = 0.5 * normal(learned.size)
    density = {"std": PARTS, **learned.written(coordinates)}
    if "covariance" in fields:
        del density["std"]
    value = first.transform.retract(first.density.mean, 0.02 * normal(10, 6, seed=1))
    torch.testing.assert_close(
        expert(density).density.log_density(value),
        learned.at(coordinates).density.log_density(value),
    )


def test_coordinates_are_in_units_of_the_spread():
    learned = LearnedNormal(expert({"mean": MEAN, "std": PARTS}), ("mean", "std"), PARTS)
    one = torch.zeros(learned.size).double()
    one[1] = 1.0  # y of the mean
    density = learned.at(one).density
    assert float(density.mean[1, 3]) == pytest.approx(0.1 + 0.02)
    assert float(learned.start.log_density(density.mean[None])) == pytest.approx(-0.5)


def test_errors_are_those_of_what_is_written():
    learned = LearnedNormal(expert({"mean": MEAN, "std": PARTS}), ("mean", "std"), PARTS)
    coordinates = torch.zeros(learned.size).double()
    covariance = torch.diag((0.1 * torch.arange(1, learned.size + 1)).double() ** 2)
    errors = learned.errors(coordinates, covariance)
    scale = torch.tensor([0.01, 0.02, 0.03, 0.1, 0.1, 0.1]).double()
    expected = 0.1 * torch.arange(1, 7) * scale
    torch.testing.assert_close(torch.tensor(errors["mean"]).double(), expected)
    assert errors["std"] == pytest.approx([0.7 * 0.01, 0.8 * 0.02, 0.9 * 0.03, 1.0 * 0.1])


def test_first_values_are_moments():
    position = expert({"mean": [0.0] * 3, "std": 1.0}, {"type": "position", "frame": "panda_hand"})
    values = normal(40, 3)
    found = first_values(position, values, ("mean", "std"), [1.0, 1.0, 1.0])
    torch.testing.assert_close(torch.tensor(found["mean"]).double(), values.mean(0))
    torch.testing.assert_close(torch.tensor(found["std"]).double(), values.std(0, correction=0))
    tied = first_values(position, values, ("std",), 1.0)["std"]  # about the mean of the file
    assert tied == pytest.approx(float(values.square().mean().sqrt()))
    covariance = torch.tensor(
        first_values(position, values, ("mean", "covariance"), None)["covariance"]
    )
    expected = torch.cov(values.T, correction=0)
    torch.testing.assert_close(covariance.double().diagonal(), expected.diagonal())
    assert float(covariance[0, 1]) == pytest.approx(0.9 * float(expected[0, 1]))


def test_a_first_orientation_is_the_mean_of_rotations():
    hand = expert({"mean": MEAN, "std": PARTS})
    spread = 0.3 * normal(20, 3)
    around = exp_so3(torch.cat([spread, -spread]))
    centre = exp_so3(torch.tensor([3.0, 0.2, -0.4]).double())
    values = torch.eye(4).double().repeat(40, 1, 1)
    values[:, :3, :3] = centre @ around
    mean = first_values(hand, values, ("mean",), None)["mean"]
    found = hand.transform.from_wire(torch.tensor(mean).double())
    torch.testing.assert_close(found[:3, :3], centre, atol=1e-7, rtol=0)


def test_rows_that_do_not_differ_are_refused():
    hand = expert({"mean": MEAN, "std": PARTS})
    values = torch.eye(4).double().repeat(5, 1, 1)
    values[:, 0, 3] = torch.arange(5) / 10
    with pytest.raises(ObjectiveError, match=r"hand.std: got a spread of 0.* entry 2"):
        first_values(hand, values, ("mean", "std"), default_form(hand.transform))


def test_the_default_form_has_a_number_for_each_entry():
    hand = expert({"mean": MEAN, "std": PARTS})
    form = default_form(hand.transform)
    assert form == {"position": [1.0] * 3, "orientation": [1.0] * 3}
    assert LearnedNormal(hand, ("std",), form).size == 6
