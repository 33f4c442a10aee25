# SPDX-License-Identifier: Apache-2.0
import copy
import math

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.training import checkpoint
from vi_ik_ros.sampling.training.runs.natural_gradient_run import (
    NaturalGradientFit,
    NaturalGradientRun,
    fit_natural_gradient,
)
from vi_ik_ros.sampling.training.runs.starting_components import (
    spread_components,
    starting_components,
)

torch.set_num_threads(1)
OBJECTIVES = share_dir() / "config" / "objectives"
SHORT = NaturalGradientFit(num_components=6, steps=20, num_samples=50, order=0.5)


@pytest.fixture(scope="module")
def line():
    return load_objectives(OBJECTIVES / "planar2_line.yaml").product


def point(density=None):
    """The tip of three links at a point, in reach or not."""
    document = copy.deepcopy(dict(read_yaml(OBJECTIVES / "planar3_position.yaml")))
    density = density or {"type": "normal", "mean": [0.5, 1.2], "std": 0.02}
    document["objectives"][0]["density"] = density
    return load_objectives({**document, "context": []}).product


def test_draws_lie_on_the_line(line):
    seen = []
    model = fit_natural_gradient(line, SHORT, on_progress=seen.append).model()
    q, _ = model.draw(2000, np.random.default_rng(0))
    height = np.sin(q[:, 0]) + np.sin(q[:, 0] + q[:, 1])
    assert abs(np.median(height) - 1.0) < 0.05 and np.median(abs(height - 1.0)) < 0.12
    assert np.ptp(q[:, 0]) > 2.0  # along all of the line
    assert len(seen) == 20 and seen[-1].fraction == 1.0 and seen[-1].figures["ELBO"] < 0.5


def test_an_interrupted_fit_goes_on_bit_by_bit(line, tmp_path):
    whole = NaturalGradientRun(line, SHORT)
    for _ in range(3):
        whole.update(0.0)
    checkpoint.save(tmp_path, whole.checkpoint(), "line")
    other = NaturalGradientRun(line, SHORT)
    other.restore(checkpoint.load(tmp_path, "line"))
    for run in (whole, other):
        run.update(0.0)
        run.update(0.0)
    assert other.step == whole.step == 5
    for name, value in whole.state.tensors().items():
        assert torch.equal(value, other.state.tensors()[name]), name


def test_a_fit_ends_at_its_steps_or_at_its_time(line):
    run = NaturalGradientRun(line, NaturalGradientFit(num_components=2, steps=2, time_limit=10.0))
    assert run.fraction(0.0) == 0.0 and run.fraction(4.0) == 0.4 and run.fraction(40.0) == 1.0
    run.update(0.0)
    run.update(0.0)
    assert run.fraction(0.0) == 1.0


def test_bounds_shrink_and_the_order_falls_as_the_fit_goes_on():
    settings = NaturalGradientFit(order=0.5)
    begin, middle, end = (settings.at(fraction) for fraction in (0.0, 0.5, 1.0))
    assert begin.bounds == (1e-3, 0.3) and begin.order == 1.0
    assert middle.order == pytest.approx(0.75) and 0.01 < middle.bounds[1] < 0.3
    assert end.bounds[1] == pytest.approx(0.01) and end.order == 0.5


def test_a_density_that_is_annealed_uses_no_older_draws():
    """They are those of another target."""
    given_up = {"type": "uni_gauss", "mean": [0.5, 1.2], "std": 0.02, "width": 5.0}
    product = point(given_up | {"probability": 0.5, "volume": 10.0})
    run = NaturalGradientRun(product, NaturalGradientFit(num_components=2, steps=10, tempered=0.5))
    sizes = []
    for _ in range(8):
        run.update(0.0)
        sizes.append(len(run.state.pool.x))
    assert sizes[:5] == [0] * 5 and min(sizes[5:]) > 0


def test_a_context_is_refused():
    with pytest.raises(ObjectiveError, match="context: got flange, expected no entry"):
        NaturalGradientRun(load_objectives(OBJECTIVES / "panda_position.yaml").product, SHORT)


def test_given_components_are_where_a_fit_starts(line):
    eye = torch.eye(2).double()[None]
    start = GaussianComponents(torch.zeros(1).double(), torch.ones(1, 2).double(), eye)
    run = NaturalGradientRun(line, SHORT, start)
    assert run.state.components is start and run.model().num_components == 1


def test_components_start_on_the_target_and_follow_it():
    product = point()
    found = starting_components(product, 12, torch.Generator().manual_seed(0))
    chain = product.chain
    assert ((found.loc > chain.lower) & (found.loc < chain.upper)).all()
    first, second, third = found.loc.cumsum(1).T
    tip = torch.stack(
        [
            first.cos() + second.cos() + 0.5 * third.cos(),
            first.sin() + second.sin() + 0.5 * third.sin(),
        ],
        1,
    )
    torch.testing.assert_close(tip, tip.new_tensor([0.5, 1.2]).expand(12, 2), atol=0.02, rtol=0)
    assert (found.loc.std(0) > 0.3).all()  # at different places
    covariance = found.scale_tril @ found.scale_tril.mT
    std = torch.linalg.eigvalsh(covariance).sqrt()
    assert (std[:, :2] < 0.08).all() and (std[:, 2] > 0.1).all()  # two directions are held
    torch.testing.assert_close(found.log_weights.exp().sum(), torch.tensor(1.0).double())


def test_many_dimensions_are_started_by_climbing():
    """At a spread of 0.1 mm no uniform draw is near."""
    product = point({"type": "normal", "mean": [0.5, 1.2], "std": 1e-4})
    run = NaturalGradientRun(product, NaturalGradientFit(num_components=3))
    with torch.no_grad():
        assert (product.log_density(run.state.components.loc) > -20.0).all()


class Zero:
    """A product that is zero everywhere."""

    def __init__(self, product):
        self._product, self.chain = product, product.chain
        self.experts, self.num_dims = product.experts, product.num_dims

    def state(self, q):
        return self._product.state(q)

    def log_density(self, q, context=None):
        return torch.full_like(q[:, 0], -math.inf)


def test_no_mass_is_an_error_that_says_so():
    for start in (starting_components, spread_components):
        with pytest.raises(ObjectiveError, match="zero everywhere"):
            start(Zero(point()), 2, torch.Generator().manual_seed(0))
