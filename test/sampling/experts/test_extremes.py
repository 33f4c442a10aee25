# SPDX-License-Identifier: Apache-2.0
"""No value of an expert is NaN or infinitely high, and where it is finite, so is its slope."""

import math

import numpy as np
import pytest
import torch

from vi_ik_ros.benchmarks.never_nan.random_objectives import load_robot, random_objectives
from vi_ik_ros.sampling.experts.objective_file import load_objectives

FRAME = "panda_link8"
TRANSFORMS = {  # name -> (fields, size, a mean in reach)
    "configuration": ({}, 7, [0.1] * 7),
    "position": ({"frame": FRAME, "offset": [1e6, 0, 1.0]}, 3, [0.5, 0.0, 0.5]),
    "orientation": ({"frame": FRAME}, 4, [1.0, 0.0, 0.0, 0.0]),
    "pose": ({"frame": FRAME}, 7, [0.5, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0]),
    "pose_matrix": ({"frame": FRAME}, 12, [0.5, 0.0, 0.5, 1, 0, 0, 0, -1, 0, 0, 0, -1]),
    "relative_position": ({"frame": FRAME, "in_frame": "panda_link2"}, 3, [0.3, 0.3, 0.3]),
    "center_of_mass": ({}, 3, [0.1, 0.1, 0.4]),
    "distance": (
        {
            "spheres": [{"frame": FRAME, "radius": 0.1}],
            "capsules": [{"frame": "panda_link4", "end": [0, 0.1, 0.3], "radius": 0.05}],
            "obstacles": [
                {"type": "sphere", "center": [1e6, 0, 0], "radius": 1e-8},
                {"type": "box", "pose": [0.4, 0, 0.5], "size": [1e-8, 1.0, 1e8]},
                {"type": "half_space", "point": [0, 0, -1e6], "normal": [0, 0, 1]},
            ],
            "self_distance": True,
        },
        7,
        [0.5] * 7,
    ),
    "projection": (
        {"transform": {"type": "position", "frame": FRAME}, "target": [1e3, 0, 0]},
        3,
        [0.5, 0.0, 0.5],
    ),
}
FAR = {"position": 1e6, "pose": 1e6, "configuration": 1e6, "distance": -1e6}


def densities(kind, size, mean, scale):
    """Every density that a transform admits."""
    found = [{"type": "normal", "mean": mean, "std": scale}]
    residual = {"orientation": 3, "pose": 6}.get(kind, size)
    covariance = scale**2 * (np.eye(residual) + 0.5 * np.ones((residual, residual)))
    found.append({"type": "normal", "mean": mean, "covariance": covariance.tolist()})
    for width in ({}, {"width": 1.5}):
        volume = 1e4 * (6.0 * scale) ** residual
        uni_gauss = {"type": "uni_gauss", "probability": 1e-3, "volume": volume}
        found.append(uni_gauss | {"mean": mean, "std": scale} | width)
    if kind not in ("orientation", "pose"):
        bounds = {"lower": (np.array(mean) - scale).tolist(), "upper": mean, "std": scale}
        found.append({"type": "normal_cdf"} | bounds)
        found.append({"type": "normal_cdf", "lower": mean[0], "std": scale})
    if kind == "orientation":
        C = (np.eye(3) / scale).tolist()
        found.append({"type": "matrix_bingham_von_mises_fisher", "A": C, "B": C, "C": C})
    return found


def assert_sound(product, q):
    """Check values and slopes of all experts at configurations (B, D)."""
    at = q.clone().requires_grad_()
    for name, value in product.expert_log_densities(at).items():
        assert not value.isnan().any() and not (value == math.inf).any(), name
        if value.requires_grad and (finite := value.isfinite()).any():
            (slope,) = torch.autograd.grad(value[finite].sum(), at, retain_graph=True)
            assert slope[finite].isfinite().all(), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("far", [False, True])
def test_every_transform_with_every_density_is_sound(panda, configurations, dtype, scale, far):
    objectives = []
    for kind, (fields, size, mean) in TRANSFORMS.items():
        moved = [mean[0] + FAR.get(kind, 0.0) * far, *mean[1:]]
        objectives += [
            {"name": f"{kind} {index}", "transform": {"type": kind} | fields, "density": density}
            for index, density in enumerate(densities(kind, size, moved, scale))
        ]
    product = load_objectives({"robot": "panda", "objectives": objectives}, robot=panda).product
    q = configurations(panda, num=8)
    q[6:] *= 100.0  # no draw of a model is refused for being far outside the limits
    for progress in (0.0, 0.5, 1.0):
        assert_sound(product.to(dtype).annealed(progress), q.to(dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_random_objectives_are_sound_and_so_are_their_filtered_slopes(configurations, dtype):
    for seed in range(13):  # every robot once
        document = random_objectives(seed)
        robot = load_robot(document["robot"])
        product = load_objectives(document, robot=robot, dtype=dtype).product
        q = configurations(robot, num=6, seed=seed).to(dtype)
        q[4:] *= 1e4
        assert_sound(product, q)
        value = product.filtered_log_density(q.requires_grad_())
        finite = value.isfinite()
        (slope,) = torch.autograd.grad(value[finite].sum(), q)
        assert slope[finite].isfinite().all()


def test_an_objective_that_nothing_moves_has_a_slope_of_zero(panda, configurations):
    base = {"type": "position", "frame": "panda_link0"}
    density = {"type": "normal", "mean": [1.0, 0.0, 0.0], "std": 1.0}
    objectives = [{"name": "base", "transform": base, "density": density}]
    product = load_objectives({"robot": "panda", "objectives": objectives}, robot=panda).product
    q = configurations(panda).requires_grad_()
    value = product.log_density(q)
    assert torch.allclose(value, torch.full((6,), -0.5).double())
    assert torch.equal(torch.autograd.grad(value.sum(), q)[0], torch.zeros_like(q))


def test_a_projection_survives_rows_that_depend_on_each_other(configurations):
    """The tip of a planar arm never leaves its plane: the Jacobian has a row of zeros."""
    transform = {
        "type": "projection",
        "transform": {"type": "position", "frame": "tip"},
        "target": [1.0, 0.5, 0.0],
        "damping": 1e-9,
    }
    objective = {"name": "a", "transform": transform, "density": {"type": "normal", "std": 0.1}}
    document = {"robot": "planar2", "objectives": [objective]}
    wide, narrow = (
        load_objectives(document, dtype=dtype).product for dtype in (torch.float64, torch.float32)
    )
    q = configurations(load_robot("planar2"))
    values = narrow.log_density(q.float())
    assert torch.allclose(values.double(), wide.log_density(q), rtol=1e-2, atol=1e-3)
    assert_sound(narrow, q.float())
