# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
import torch
from matplotlib.image import imread

from vi_ik_ros.benchmarks import planar_line as line_benchmark
from vi_ik_ros.benchmarks import prioritized_bimanual
from vi_ik_ros.benchmarks.figures import FIGURES
from vi_ik_ros.benchmarks.figures.planar import (
    bimanual,
    gmm_ik,
    planar_connectivity,
    planar_hierarchy,
    planar_line,
    planar_projection,
)
from vi_ik_ros.benchmarks.figures.robots import panda_position, talos
from vi_ik_ros.benchmarks.figures.skills import skill_graph, skill_success
from vi_ik_ros.benchmarks.gmm_ik.variants import SOURCE, context_rows, fit_variant
from vi_ik_ros.benchmarks.skill_learning.runs.variants import GRAPH
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import Surrogate
from vi_ik_ros.benchmarks.talos_stance import talos_stance
from vi_ik_ros.benchmarks.talos_stance.stance import GRIPPER, Stance
from vi_ik_ros.cli.main import main
from vi_ik_ros.sampling.experts.densities import UniGauss
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.viewer.figures.density_panel import Plane


def about_ready(product, num_components):
    """Gaussians in the middle of the limits."""
    lower, upper = product.chain.lower.numpy(), product.chain.upper.numpy()
    rng = np.random.default_rng(0)
    shares = 0.5 + 0.1 * rng.standard_normal((num_components, len(lower)))
    loc = lower + (upper - lower) * shares
    scale = np.tile(np.diag(0.05 * (upper - lower)), (num_components, 1, 1))
    return GaussianMixture(np.zeros(num_components), loc, scale, lower=lower, upper=upper)


def fake_fit_mixture(product, *, family="gaussian", settings):
    model = about_ready(product, settings.num_components)
    if family == "gaussian":
        return model
    count, size = model.loc.shape
    direction = np.tile(np.eye(size)[None, -1:], (count, 1, 1))
    curvature = np.zeros((count, 1, size, size))
    curvature[:, 0, 0, 0] = 0.5
    return BananaMixture(
        model.log_weights,
        model.loc,
        model.scale_tril,
        direction,
        curvature,
        lower=model.lower,
        upper=model.upper,
    )


def check(paths, names):
    assert [path.name for path in paths] == names
    for path in paths:
        image = imread(path)[..., :3]
        below = image[image.shape[0] // 3 :]  # without the headline
        assert np.ptp(below) > 0.5 and (below < 0.9).mean() > 0.005


@pytest.mark.parametrize("module", [planar_line, planar_projection, planar_connectivity])
def test_pictures_of_the_planar_arm_are_written(monkeypatch, tmp_path, module):
    monkeypatch.setattr(line_benchmark, "CELLS", (40, 70))
    monkeypatch.setattr(module, "CELLS", 40)
    monkeypatch.setattr(module, "fit_mixture", fake_fit_mixture)
    check(module.draw(tmp_path, quick=True), [f"{module.__name__.rpartition('.')[2]}.png"])


def test_projected_configurations_end_on_the_line():
    product = line_benchmark.GridTarget(line_benchmark.Line()).objectives.product
    q = torch.tensor([[0.7, 0.6], [1.9, 0.9]], dtype=torch.float64)
    y = planar_projection.project(product, q, 3).numpy()
    np.testing.assert_allclose(np.sin(y[:, 0]) + np.sin(y.sum(1)), 1.0, atol=1e-4)


def test_the_picture_of_optional_tasks_is_written(monkeypatch, tmp_path):
    class Fitted:
        def __init__(self, product, settings):
            self.model = lambda: about_ready(product, 2)

    monkeypatch.setattr(planar_hierarchy, "fit_natural_gradient", Fitted)
    monkeypatch.setattr(planar_hierarchy, "QUICK_CELLS", 20)
    monkeypatch.setattr(planar_hierarchy, "NUM_DRAWS", 100)
    check(planar_hierarchy.draw(tmp_path, quick=True), ["planar_hierarchy.png"])


def test_the_picture_of_two_hands_is_written(monkeypatch, tmp_path):
    def fit(product, seed, num_steps):
        return prioritized_bimanual.Fit(about_ready(product, 2), 0.0)

    monkeypatch.setattr(bimanual, "fit", fit)
    check(bimanual.draw(tmp_path, quick=True), ["bimanual.png"])


def test_the_picture_of_the_panda_is_written(monkeypatch, tmp_path):
    monkeypatch.setattr(panda_position, "fit_mixture", fake_fit_mixture)
    check(panda_position.draw(tmp_path, quick=True), ["panda_position.png"])


def test_pictures_of_the_humanoid_are_written(monkeypatch, tmp_path):
    def fit(stance, num_components, seconds, seed):
        model = about_ready(stance.product, num_components)
        parts = (torch.from_numpy(t) for t in (model.log_weights, model.loc, model.scale_tril))
        return talos_stance.Fit(model, GaussianComponents(*parts), 0, 0, 0.0, 0.0)

    monkeypatch.setattr(talos_stance, "fit", fit)
    monkeypatch.setattr(talos_stance, "NUM_CHAINS", 3)
    monkeypatch.setattr(talos_stance, "NUM_LEAPFROG", 1)
    monkeypatch.setattr(talos, "QUICK_SECONDS", 0.05)
    monkeypatch.setattr(talos, "NUM_DRAWS", 50)
    paths = talos.draw(tmp_path, quick=True)
    check(paths, ["talos_stance.png", "talos_hierarchy.png"])


def test_only_the_gripper_becomes_optional():
    optional, held = talos.optional_gripper(), Stance()
    for ours, theirs in zip(optional.product.experts, held.product.experts, strict=True):
        is_optional = isinstance(ours.density, UniGauss)
        assert ours.name == theirs.name and is_optional == (ours.name == GRIPPER)


def test_the_pictures_of_a_joint_mixture_are_written(monkeypatch, tmp_path):
    monkeypatch.setattr(gmm_ik, "MAIN", 11)
    monkeypatch.setattr(gmm_ik, "QUICK_SIZES", (11,))
    monkeypatch.setattr(gmm_ik, "QUICK_UPDATES", (0, 1))
    check(gmm_ik.draw(tmp_path, quick=True), ["gmm_ik.png", "gmm_ik_evolution.png"])


def test_the_marginal_of_two_joints_is_that_of_draws():
    theta = np.random.default_rng(0).uniform(-np.pi, np.pi, (400, 3))
    model = fit_variant(SOURCE, theta, 3, 0, max_updates=2).model
    plane = Plane.around(np.full(2, -9.0), np.full(2, 9.0), 120, 0.0)
    density = np.exp(gmm_ik.marginal(model, gmm_ik.TARGET, plane.q))  # (M N,)
    cell = (plane.first[1] - plane.first[0]) * (plane.second[1] - plane.second[0])
    assert density.sum() * cell == pytest.approx(1.0, abs=0.01)
    given = model.conditional(context_rows(gmm_ik.TARGET[None])[0])
    mean = (density[:, None] * plane.q).sum(0) * cell
    np.testing.assert_allclose(mean, (given.weights @ given.loc)[:2], atol=0.05)


def test_the_pictures_of_a_skill_s_graph_are_written(tmp_path):
    check(skill_graph.draw(tmp_path), ["skill_graph.png", "skill_factors.png"])


def test_the_true_map_of_success_is_that_of_its_points():
    surrogate, pair = Surrogate(), ("force_gain", "search_speed")
    point = np.array([0.1, 0.9, 0.9])
    grid = skill_success.truth(surrogate, point, pair)
    across, up = 14, 5
    x = [point[0], across / (len(grid) - 1), up / (len(grid) - 1)]
    assert grid[up, across] == pytest.approx(surrogate.truth(np.array(x)).probability)
    assert 0.0 <= grid.min() < 0.1 and grid.max() > 0.5


def test_the_picture_of_learned_success_is_written(monkeypatch, tmp_path):
    x = np.random.default_rng(1).uniform(size=(6, 3)) * [0.2, 0.6, 0.6]

    class Run:
        success = np.zeros(6, dtype=bool)

    Run.x = x
    monkeypatch.setattr(skill_success, "learn_groups", lambda *_: {(GRAPH, ""): [Run]})
    check(skill_success.draw(tmp_path, quick=True), ["skill_success.png"])


def test_pictures_are_listed_and_chosen_by_name(monkeypatch, tmp_path, capsys):
    assert main(["figures", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"figures": FIGURES}
    monkeypatch.setattr(panda_position, "fit_mixture", fake_fit_mixture)
    out = tmp_path / "new" / "folder"
    assert main(["figures", "panda-position", "--quick", "--out", str(out), "--json"]) == 0
    written = json.loads(capsys.readouterr().out)["pictures"]
    assert written == [str(out / "panda_position.png")] and imread(written[0]).size
    assert main(["figures", "panda", "--out", str(out)]) == 2
    assert "NAME: got panda" in capsys.readouterr().err
    assert main(["figures", "--out", written[0]]) == 2
    assert "--out" in capsys.readouterr().err
