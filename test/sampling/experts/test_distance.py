# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import kinematic_state
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.transforms import Distance
from vi_ik_ros.sampling.experts.transforms.distance.obstacles import OBSTACLES

BALL = {"type": "sphere", "center": [0.2, -0.1, 0.3], "radius": 0.4}
TURNED = {"type": "box", "pose": [0.2, -0.1, 0.3, 0.5, 0.5, 0.5, 0.5], "size": [0.4, 0.6, 0.8]}
FLOOR = {"type": "half_space", "point": [0, 0, 0.2], "normal": [0, 0, 5]}


def obstacle(fields):
    return OBSTACLES[fields["type"]].from_fields(Fields(fields))


def points(num, spread=1.0):
    generator = torch.Generator().manual_seed(0)
    return spread * torch.randn(num, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("fields", [BALL, TURNED, FLOOR], ids=lambda fields: fields["type"])
def test_a_distance_changes_as_fast_as_its_point_moves(fields):
    at = points(300).requires_grad_()
    (slope,) = torch.autograd.grad(obstacle(fields).distance(at).sum(), at)
    assert torch.allclose(slope.norm(dim=-1), torch.ones(300).double())
    assert torch.autograd.gradcheck(obstacle(fields).distance, points(20).requires_grad_())


@pytest.mark.parametrize("fields", [BALL, TURNED, FLOOR], ids=lambda fields: fields["type"])
def test_following_the_slope_leads_to_the_surface(fields):
    at = points(300).requires_grad_()
    distance = obstacle(fields).distance(at)
    (slope,) = torch.autograd.grad(distance.sum(), at)
    on_surface = at.detach() - distance.detach()[:, None] * slope
    assert obstacle(fields).distance(on_surface).abs().max() < 1e-12


def test_a_turned_box_has_its_lengths_along_its_own_axes():
    """The rotation takes x to y, y to z and z to x: the half lengths are .4, .2, .3 in the root."""
    box = obstacle(TURNED)
    middle = torch.tensor([0.2, -0.1, 0.3], dtype=torch.float64)
    half = torch.tensor([0.4, 0.2, 0.3], dtype=torch.float64)
    faces = middle + torch.diag(half)
    assert box.distance(faces).abs().max() < 1e-12
    assert box.distance(middle).item() == pytest.approx(-0.2)
    corner = middle + half + 0.1
    assert box.distance(corner).item() == pytest.approx(0.1 * math.sqrt(3.0))


@pytest.mark.parametrize("at", [[0.2, -0.1, 0.3], [0.2, 0.1, 0.3]])
@pytest.mark.parametrize("fields", [BALL, TURNED], ids=lambda fields: fields["type"])
def test_slopes_are_finite_at_centres_and_on_faces(fields, at):
    point = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(obstacle(fields).distance(point), point)
    assert slope.isfinite().all()


SPHERES = [
    {"frame": "panda_link8", "offset": [0.0, 0.0, 0.1], "radius": 0.08},
    {"frame": "panda_link4", "radius": 0.1},
    {"frame": "panda_link3", "radius": 0.1},
    {"frame": "panda_link0", "radius": 0.2},
]


def test_the_vector_runs_over_spheres_for_each_obstacle_then_over_pairs(panda, configurations):
    fields = {"spheres": SPHERES, "obstacles": [BALL, FLOOR], "self_distance": True}
    transform = Distance.from_fields(Fields(fields), panda)
    q = configurations(panda)
    value = transform(kinematic_state(Chain(panda, transform.frames), q)).numpy()
    centers = [
        (panda.forward(q.numpy(), s["frame"]) @ np.array([*s.get("offset", [0, 0, 0]), 1]))[:, :3]
        for s in SPHERES
    ]
    radii = [s["radius"] for s in SPHERES]
    expected = []
    for center, radius in zip(centers, radii, strict=True):
        expected.append(np.linalg.norm(center - BALL["center"], axis=1) - 0.4 - radius)
    for center, radius in zip(centers, radii, strict=True):
        expected.append(center[:, 2] - 0.2 - radius)
    for i, j in [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)]:  # links 3 and 4 share a joint
        expected.append(np.linalg.norm(centers[i] - centers[j], axis=1) - radii[i] - radii[j])
    assert value.shape == (6, transform.size)
    assert np.allclose(value, np.stack(expected, axis=1), atol=1e-12)


def test_a_bound_on_the_distance_keeps_the_arm_out():
    wall = {"type": "half_space", "point": [1.2, 0, 0], "normal": [-1, 0, 0]}
    clear = {
        "name": "clear",
        "transform": {
            "type": "distance",
            "spheres": [{"frame": "tip", "radius": 0.1}],
            "obstacles": [wall],
        },
        "density": {"type": "normal_cdf", "lower": 0.0, "std": 0.01},
    }
    product = load_objectives({"robot": "planar2", "objectives": [clear]}).product
    reaching, aside = torch.tensor([[0.1, 0.0], [1.5, 0.0]], dtype=torch.float64)
    assert product.log_density(aside[None]).item() > -1e-9
    assert product.log_density(reaching[None]).item() < -1000


def random_subsets(num_random, **density):
    transform = {"type": "distance", "spheres": SPHERES, "obstacles": [BALL, TURNED, FLOOR]}
    near = {
        "name": "near",
        "transform": transform | {"self_distance": True, "num_random": num_random},
        "density": {"type": "normal_cdf", "lower": 0.0, "std": 0.05} | density,
    }
    return load_objectives({"robot": "panda", "objectives": [near]}).product


def test_a_selection_is_that_of_the_whole_vector(panda, configurations):
    product, q = random_subsets(5), configurations(panda)
    transform = product.expert("near").transform
    state, columns = product.state(q), (0, 5, 11, 12, 16)
    chosen = transform.selected(columns)
    assert torch.equal(chosen(state), transform(state)[:, list(columns)])
    assert chosen.size == 5


def test_random_subsets_estimate_the_sum_without_bias(panda, configurations):
    product, q = random_subsets(5), configurations(panda)
    generator = torch.Generator().manual_seed(0)
    estimates = [product.subsampled(generator).log_density(q) for _ in range(1000)]
    error = torch.stack(estimates).std(dim=0) / 1000**0.5
    mean = torch.stack(estimates).mean(dim=0)
    assert ((mean - product.log_density(q)).abs() < 4.0 * error).all()
    assert (error > 0.0).all()


def test_subsets_come_from_the_generator_and_leave_the_product_as_it_was(panda, configurations):
    product, q = random_subsets(5), configurations(panda)
    before = product.log_density(q)
    one, same = (product.subsampled(torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one.log_density(q), same.log_density(q))
    assert torch.equal(product.log_density(q), before)
    everything = random_subsets(17).subsampled(torch.Generator().manual_seed(0))
    assert torch.allclose(everything.log_density(q), before)


def test_a_subset_needs_bounds_on_single_distances():
    with pytest.raises(ObjectiveError, match="without directions") as caught:
        random_subsets(5, directions=[[1] * 17])
    assert caught.value.field == "objectives[0].transform.num_random"
    with pytest.raises(ObjectiveError, match="from 1 to 17"):
        random_subsets(18)


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"spheres": []}, "spheres", "at least one"),
        ({"spheres": [{"frame": "tip"}]}, "spheres[0].radius", "0 or more"),
        ({"spheres": [{"frame": "tip", "radius": -1}]}, "spheres[0].radius", "0 or more"),
        ({"spheres": [{"frame": "top", "radius": 1}]}, "spheres[0].frame", "tip"),
        ({"obstacles": []}, "obstacles", "self_distance: true"),
        ({"obstacles": [{"type": "cone"}]}, "obstacles[0].type", "half_space"),
        ({"obstacles": [BALL | {"radius": 0}]}, "obstacles[0].radius", "positive"),
        ({"obstacles": [BALL | {"size": 1}]}, "obstacles[0].size", "center"),
        ({"obstacles": [TURNED | {"size": [1, 2]}]}, "obstacles[0].size", "list of 3"),
        ({"obstacles": [TURNED | {"pose": [0, 0, 0, 0, 0, 0, 2]}]}, "obstacles[0].pose", "norm 1"),
        ({"obstacles": [FLOOR | {"normal": [0, 0, 0]}]}, "obstacles[0].normal", "not all 0"),
        ({"self_distance": 1}, "self_distance", "true or false"),
        ({"self_distance": True}, "self_distance", "no neighbours"),
    ],
)
def test_wrong_fields_are_refused(change, field, expected):
    transform = {"type": "distance", "spheres": [{"frame": "tip", "radius": 0.1}]}
    clear = {
        "name": "clear",
        "transform": transform | {"obstacles": [BALL]} | change,
        "density": {"type": "normal_cdf", "lower": 0.0, "std": 0.01},
    }
    with pytest.raises(ObjectiveError) as caught:
        load_objectives({"robot": "planar2", "objectives": [clear]})
    assert caught.value.field == f"objectives[0].transform.{field}"
    assert expected in caught.value.expected
