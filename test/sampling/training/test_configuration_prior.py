# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.configuration_prior import find_prior
from vi_ik_ros.sampling.training.pairs import TrainingPairs

ALL = {"type": "configuration"}
ONE = ALL | {"joints": ["joint_2"]}


def pairs(density: dict, transform: dict = ALL, **more) -> TrainingPairs:
    document = {
        "robot": "planar3",
        "objectives": [
            {
                "name": "tip",
                "transform": {"type": "position", "frame": "tip", "axes": ["x", "y"]},
                "density": {"type": "normal", "std": 0.01},
            },
            {"name": "prior", "transform": transform, "density": density, **more},
        ],
        "context": [{"objective": "tip", "field": "mean", "distribution": {"type": "reachable"}}],
    }
    product = load_objectives(document, dtype=torch.float32).product
    return TrainingPairs(product, product.chain.lower, product.chain.upper)


def draw(source: TrainingPairs, n: int = 20_000) -> tuple[torch.Tensor, torch.Tensor]:
    return source.draw(n, torch.Generator().manual_seed(0))


def test_configurations_are_drawn_from_a_normal_density_of_all_joints():
    mean = [0.3, -0.5, 0.1]
    contexts, x = draw(pairs({"type": "normal", "mean": mean, "std": [0.1, 0.2, 0.3]}))
    torch.testing.assert_close(x.mean(0), torch.tensor(mean), atol=0.01, rtol=0)
    torch.testing.assert_close(x.std(0), torch.tensor([0.1, 0.2, 0.3]), atol=0.01, rtol=0)
    assert len(torch.unique(x, dim=0)) == len(x)  # weighted pairs would repeat rows
    angle = x.cumsum(1)
    lengths = torch.tensor([1.0, 1.0, 0.5])
    tips = torch.stack([angle.cos() @ lengths, angle.sin() @ lengths], dim=1)
    error = contexts - tips
    torch.testing.assert_close(error.std(0), torch.full((2,), 0.01), atol=5e-4, rtol=0)


def test_a_covariance_is_kept():
    covariance = [[0.04, 0.03, 0.0], [0.03, 0.04, 0.0], [0.0, 0.0, 0.01]]
    _, x = draw(pairs({"type": "normal", "mean": [0.0] * 3, "covariance": covariance}))
    torch.testing.assert_close(torch.cov(x.T), torch.tensor(covariance), atol=2e-3, rtol=0)


def test_draws_stay_inside_the_limits():
    source = pairs({"type": "normal", "mean": [2.8, 0.0, 0.0], "std": 0.4})
    _, x = draw(source)
    assert ((x > source.lower) & (x < source.upper)).all()
    assert float(x[:, 0].max()) > float(source.upper[0]) - 0.05


@pytest.mark.parametrize(
    ("density", "transform", "more"),
    [
        ({"type": "normal", "mean": [0.0], "std": 0.5}, ONE, {}),
        ({"type": "normal", "mean": [0.0] * 3, "std": 30.0}, ALL, {}),
        ({"type": "normal", "mean": [0.0] * 3, "std": 0.5}, ALL, {"priority": 1}),
    ],
    ids=["one joint", "wide", "second priority"],
)
def test_other_densities_are_not_drawn_from(density, transform, more):
    source = pairs(density, transform, **more)
    assert find_prior(source.product, {"tip"}, source.lower, source.upper) is None
    _, x = draw(source)
    assert float(x[:, 0].std()) > 1.5  # uniform in the limits
