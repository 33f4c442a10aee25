# SPDX-License-Identifier: Apache-2.0
import copy

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.inference.demonstrations.contrastive_ascent import scores
from vi_ik_ros.sampling.training.objective_learning.open_fields import open_objectives


def opened(document, demonstrations, *names):
    return open_objectives(document, torch.from_numpy(demonstrations), names)


def with_density(document, **fields):
    result = copy.deepcopy(document)
    result["objectives"][0]["density"].update(fields)
    return result


def test_what_a_normal_leaves_out_is_learned(open_file, demonstrations):
    before = copy.deepcopy(open_file)
    found = opened(open_file, demonstrations)
    assert open_file == before
    assert [one.fields for one in found.family.learned] == [("mean", "std")]
    half = opened(with_density(open_file, std=[0.3, 0.3]), demonstrations)
    assert [one.fields for one in half.family.learned] == [("mean",)]
    assert half.document["objectives"][0]["density"]["std"] == [0.3, 0.3]


def test_named_fields_begin_at_the_moments_and_replace_numbers(hidden, demonstrations):
    found = opened(hidden, demonstrations, "tip.std", "tip.mean")
    density = found.document["objectives"][0]["density"]
    assert density["mean"] != [0.8, 1.2] and density["std"] != [0.1, 0.2]
    assert density["mean"] == pytest.approx([0.8, 1.2], abs=0.1)
    one = opened(with_density(hidden, std=0.1), demonstrations, "tip.std")
    assert isinstance(one.document["objectives"][0]["density"]["std"], float)
    assert one.family.num_parameters == 1
    full = opened(hidden, demonstrations, "tip.covariance")
    density = full.document["objectives"][0]["density"]
    assert "std" not in density and len(density["covariance"]) == 2


def test_the_family_is_the_product_of_the_file_that_is_written(open_file, demonstrations):
    found = opened(open_file, demonstrations)
    theta = torch.tensor([0.5, -0.3, 0.2, -0.4], dtype=torch.float64)
    x = torch.from_numpy(demonstrations[:20])
    product = load_objectives(found.at(theta)).product
    log_density = found.family.log_density(found.family.view(x), theta)
    torch.testing.assert_close(log_density, product.log_density(x))


def test_there_is_nothing_far_outside_the_limits(open_file, demonstrations):
    family = opened(open_file, demonstrations).family
    theta = torch.zeros(4, dtype=torch.float64)
    x = torch.stack([family.upper - 1e-6, family.upper + 1e-6, torch.full((2,), 50.0).double()])
    log_density = family.log_density(family.view(x), theta)
    assert torch.isfinite(log_density[0]) and (log_density[1:] == -torch.inf).all()


def test_a_context_of_what_is_learned_is_dropped(open_file, demonstrations):
    entry = {"objective": "tip", "field": "mean", "distribution": {"type": "reachable"}}
    document = {**open_file, "context": [entry]}
    assert opened(document, demonstrations).document["context"] == []
    document = {**with_density(open_file, std=0.1), "context": [entry]}
    with pytest.raises(InvalidInput, match=r"context: got tip, .* learn tip.mean too"):
        opened(document, demonstrations, "tip.std")


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("tip.mea",), ("learn", "tip.mea", "did you mean tip.mean")),
        (("hand.mean",), ("learn", "hand.mean", "tip.mean, tip.std, tip.covariance")),
        (("limits.std",), ("learn", "limits.std", "normal density")),
        (("tip.std", "tip.covariance"), ("tip.std and .covariance", "one of them")),
    ],
)
def test_a_wrong_name_is_refused(hidden, demonstrations, names, parts):
    with pytest.raises(InvalidInput) as caught:
        opened(hidden, demonstrations, *names)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda d: d["objectives"][0]["density"].update(mean=[0, 0], std=1), ("no open field",)),
        (lambda d: d["objectives"][1].update(priority=1), ("priority", "several levels")),
        (lambda d: d["objectives"][0]["density"].update(std="wide"), ("density.std", "wide")),
        (lambda d: d["objectives"][0]["transform"].update(frame="hand"), ("frame", "hand")),
        (lambda d: d.update(objectives=[3]), ("objectives[0]", "3")),
        (lambda d: d.update(objectives=None), ("objectives", "list")),
        (lambda d: d.update(context=[3]), ("context[0]", "3")),
        (lambda d: d.update(context=3), ("context", "list")),
        (lambda d: d["objectives"][0].pop("name"), ("name",)),
        (lambda d: d["objectives"].append(d["objectives"][0]), ("name", "no other objective")),
    ],
)
def test_a_bad_file_gets_the_line_of_its_reader(open_file, demonstrations, change, parts):
    change(open_file)
    with pytest.raises(InvalidInput) as caught:
        opened(open_file, demonstrations)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_slopes_in_a_pose_are_right_where_it_has_moved():
    pose = {"type": "pose", "frame": "panda_link8"}
    hand = {"name": "hand", "transform": pose, "density": {"type": "normal"}}
    rng = np.random.default_rng(0)
    q = np.array([0.0, -0.6, 0.1, -2.2, 0.2, 1.8, 0.8]) + 0.1 * rng.standard_normal((8, 7))
    family = opened({"robot": "panda", "objectives": [hand]}, q).family
    view = family.view(torch.from_numpy(q))
    theta = torch.from_numpy(rng.standard_normal(12))
    columns = [
        (family.log_density(view, theta + e) - family.log_density(view, theta - e)) / 2e-6
        for e in 1e-6 * torch.eye(12, dtype=torch.float64)
    ]
    torch.testing.assert_close(
        scores(family, view, theta), torch.stack(columns, 1), rtol=1e-6, atol=1e-6
    )
