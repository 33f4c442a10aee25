# SPDX-License-Identifier: Apache-2.0
import copy
import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.objective_learning import learn_objectives as module
from vi_ik_ros.sampling.training.objective_learning import product_density
from vi_ik_ros.sampling.training.objective_learning.frame_choice import choose_frame
from vi_ik_ros.sampling.training.objective_learning.learn_objectives import (
    LearnOptions,
    learn_objectives,
)
from vi_ik_ros.sampling.training.objective_learning.open_fields import open_objectives

ALL = LearnOptions(holdout=0.0)


pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture(scope="module")
def report(quick, hidden, demonstrations):
    document = copy.deepcopy(hidden)
    document["objectives"][0]["density"] = {"type": "normal"}
    return learn_objectives(document, demonstrations, options=ALL)


def numbers_of(report) -> np.ndarray:
    density = report.document["objectives"][0]["density"]
    return np.array([*density["mean"], *density["std"]])


def test_it_is_the_maximum_of_the_likelihood_on_a_grid(report, demonstrations, grid, log_density):
    """The same likelihood in numpy, its normaliser summed over cells, maximised by scipy."""
    q, volume = grid

    def mean_log_likelihood(numbers):
        log_normalizer = logsumexp(log_density(q, numbers)) + math.log(volume)
        return float(log_density(demonstrations, numbers).mean() - log_normalizer)

    start = numbers_of(report)
    best = minimize(lambda x: -mean_log_likelihood(x), start, method="L-BFGS-B")
    errors = np.array([error for value in report.values for error in value.stderr])
    assert (np.abs(numbers_of(report) - best.x) < 0.25 * errors).all()
    assert report.log_likelihood == pytest.approx(mean_log_likelihood(start), abs=0.02)
    moments = np.array([number for value in report.values for number in value.start])
    assert np.abs((moments - best.x) / errors).max() > 1.5  # the arm's share is not small


def test_the_hidden_numbers_lie_within_the_errors(report):
    errors = np.array([error for value in report.values for error in value.stderr])
    hidden = np.array([0.8, 1.2, 0.1, 0.2])
    assert (np.abs(numbers_of(report) - hidden) < 3 * errors).all()
    assert (errors < 0.03).all()
    assert report.converged and report.effective_points > 5000
    assert report.remarks() == []


def test_the_file_is_complete_and_says_what_the_density_says(report, demonstrations):
    product = load_objectives(report.document).product
    log_prob, log_normalizer = report.density.log_prob(demonstrations)
    log_density = product.log_density(torch.from_numpy(demonstrations)).numpy()
    np.testing.assert_allclose(log_prob, log_density - log_normalizer.value, atol=1e-4)
    assert log_normalizer.value == pytest.approx(report.log_normalizer.value, abs=0.05)


def test_draws_look_like_the_demonstrations(report, demonstrations):
    q = report.density.sample(1000, seed=3)
    assert q.shape == (1000, 2) and RobotModel.load("planar2").within_limits(q, 0.3).all()
    flipped = [(rows[:, 1] > 0).mean() for rows in (q, demonstrations)]
    assert flipped[0] == pytest.approx(flipped[1], abs=0.2)


def test_held_out_rows_judge_and_are_learned_from_in_the_end(open_file, demonstrations, report):
    found = learn_objectives(open_file, demonstrations, options=LearnOptions(seed=1, holdout=0.3))
    assert found.held_out.value == pytest.approx(
        report.log_likelihood, abs=4 * found.held_out.stderr
    )
    errors = np.array([error for value in report.values for error in value.stderr])
    assert (np.abs(numbers_of(found) - numbers_of(report)) < 0.4 * errors).all()
    assert found.num_demonstrations == len(demonstrations)


def test_few_rows_and_few_steps_are_told(open_file, demonstrations):
    options = LearnOptions(holdout=0.0, max_steps=1)
    remarks = learn_objectives(open_file, demonstrations[:4], options=options).remarks()
    assert any("more steps" in line for line in remarks)
    assert any("4 demonstrations for 4 numbers" in line for line in remarks)


def test_progress_is_told_step_by_step(open_file, demonstrations):
    steps = []
    found = learn_objectives(
        open_file,
        demonstrations[:20],
        options=ALL,
        on_progress=lambda step, info: steps.append(step),
    )
    assert steps == list(range(1, found.steps + 1))


def test_the_right_frame_is_found(open_file, demonstrations):
    choice = choose_frame(
        open_file,
        demonstrations[:60],
        "tip",
        ["link_2", "tip"],
        options=LearnOptions(),
    )
    assert choice.frame == "tip"
    assert choice.held_out["tip"].value > choice.held_out["link_2"].value + 0.2
    assert choice.report.document["objectives"][0]["transform"]["frame"] == "tip"


@pytest.mark.parametrize(
    ("objective", "holdout", "parts"),
    [
        ("tip", 0.0, ("holdout", "0.0", "one demonstration")),
        ("hand", 0.2, ("frames", "hand", "tip")),
        ("limits", 0.2, ("frames", "limits", "tip")),
    ],
)
def test_frames_need_an_objective_and_held_out_rows(
    open_file, demonstrations, objective, holdout, parts
):
    with pytest.raises(InvalidInput) as caught:
        choose_frame(
            open_file, demonstrations, objective, ["tip"], options=LearnOptions(holdout=holdout),
        )  # fmt: skip
    assert all(part in str(caught.value) for part in parts)


def test_a_demonstration_without_density_is_refused(open_file, demonstrations):
    far = np.concatenate([demonstrations[:10], [[9.0, 0.0]]])
    with pytest.raises(InvalidInput, match=r"demonstrations: got \[9.0, 0.0\].*joint limits"):
        learn_objectives(open_file, far, options=ALL)


def test_a_poor_mixture_gets_more_components(open_file, demonstrations, monkeypatch):
    family = open_objectives(open_file, torch.from_numpy(demonstrations)).family
    for poor, expected in ((0.0, 12), (1.0, 12 * product_density.MORE)):
        monkeypatch.setattr(product_density, "POOR", poor)
        state = product_density.first_state(family, torch.from_numpy(demonstrations))
        assert len(state.proposal.components.loc) == expected
    state = product_density.first_state(family, torch.from_numpy(demonstrations), num_components=3)
    assert len(state.proposal.components.loc) == 3


def test_a_search_without_usable_points_ends_early(open_file, demonstrations, monkeypatch):
    monkeypatch.setattr(module, "FEWEST", 1e9)
    monkeypatch.setattr(module, "USABLE", 1e9)
    found = learn_objectives(open_file, demonstrations[:20], options=ALL)
    assert found.steps == module.PATIENCE + 1 and not found.converged
    assert any("too few to trust" in line for line in found.remarks())
