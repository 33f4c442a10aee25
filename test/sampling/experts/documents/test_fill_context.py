# SPDX-License-Identifier: Apache-2.0
import copy

import pytest
import torch

from vi_ik_ros.exceptions import ContextError, ObjectiveError
from vi_ik_ros.sampling.experts.documents.fill_context import fill_context
from vi_ik_ros.sampling.experts.objective_file import load_objectives

TURN = [0.5, 0.5, 0.5, 0.5]
VIEWS = [  # a transform and a value of it
    ({"type": "position", "frame": "tip"}, [1.0, 0.5, 0.0]),
    ({"type": "position", "frame": "tip", "axes": ["y"]}, [0.5]),
    (
        {"type": "relative_position", "frame": "tip", "in_frame": "link_1", "axes": ["y", "x"]},
        [1, 2],
    ),
    ({"type": "center_of_mass", "axes": ["x", "y"]}, [0.1, 0.2]),
    ({"type": "pose", "frame": "tip"}, [1.0, 0.5, 0.0, *TURN]),
    ({"type": "orientation", "frame": "tip"}, TURN),
    ({"type": "pose_matrix", "frame": "tip"}, [1.0, 1.0, 0.0, *torch.eye(3).flatten().tolist()]),
    ({"type": "configuration", "joints": ["joint_3", "joint_1"]}, [0.3, 0.1]),
    ({"type": "configuration"}, [0.1, 0.2, 0.3]),
]


def conditional(*transforms, **entry):
    """Objectives about several transforms whose means are all left to the context."""
    objectives, context = [], []
    for index, transform in enumerate(transforms):
        density = {"type": "normal", "std": 0.1}
        objectives.append({"name": f"o{index}", "transform": transform, "density": density})
        entry = {"distribution": {"type": "reachable"}} | entry
        context.append({"objective": f"o{index}"} | entry)
    return {"robot": "planar3", "objectives": objectives, "context": context}


@pytest.mark.parametrize(("transform", "value"), VIEWS)
def test_the_density_is_that_of_the_context_row(transform, value):
    document = conditional(transform)
    before, row = load_objectives(document), torch.tensor([value], dtype=torch.float64)
    after = load_objectives(fill_context(document, value))
    assert before.product.context_size == len(value) and not after.context_entries
    q = torch.rand(5, 3, generator=torch.Generator().manual_seed(2)).double()
    none = torch.zeros(1, 0, dtype=torch.float64)
    here, there = before.product.log_density(q, row), after.product.log_density(q, none)
    torch.testing.assert_close(here, there, rtol=1e-12, atol=1e-12)


def test_rows_hold_the_entries_in_the_order_of_the_context():
    transforms, values = zip(*VIEWS, strict=True)
    document = conditional(*transforms)
    document["context"].reverse()
    row = [number for value in reversed(values) for number in value]
    filled = fill_context(document, row)
    means = [objective["density"]["mean"] for objective in filled["objectives"]]
    assert means == [[float(number) for number in value] for value in values]
    assert filled["context"] == [] and load_objectives(filled)


def test_the_document_is_left_alone():
    document = conditional(VIEWS[0][0])
    before = copy.deepcopy(document)
    fill_context(document, VIEWS[0][1])
    assert document == before


@pytest.mark.parametrize(
    ("transforms", "count", "expected"),
    [
        ([VIEWS[0][0]], 2, "3 (o0.mean 3)"),
        ([VIEWS[0][0]], 4, "3 (o0.mean 3)"),
        ([VIEWS[4][0], VIEWS[1][0]], 7, "8 (o0.mean 7, o1.mean 1)"),
        ([VIEWS[0][0], VIEWS[8][0]], 3, "more than 3 (o0.mean 3, o1.mean the rest)"),
        ([VIEWS[8][0], VIEWS[8][0]], 6, "at most one entry of all joints"),
        ([], 3, "none: the objectives have no context"),
    ],
)
def test_a_wrong_count_is_refused_with_what_is_needed(transforms, count, expected):
    with pytest.raises(ContextError) as caught:
        fill_context(conditional(*transforms), [0.0] * count)
    assert caught.value.field == "context" and caught.value.expected == expected


@pytest.mark.parametrize(
    ("entry", "field"),
    [({"objective": "o1"}, "objective"), ({"objective": 3}, "objective"), ({"field": ""}, "field")],
)
def test_a_context_that_names_nothing_is_refused(entry, field):
    with pytest.raises(ObjectiveError) as caught:
        fill_context(conditional(VIEWS[0][0], **entry), [0.0] * 3)
    assert caught.value.field == f"context[0].{field}"


def test_a_field_with_a_value_is_not_filled_again():
    document = conditional(VIEWS[0][0])
    document["objectives"][0]["density"]["mean"] = [0, 0, 0]
    with pytest.raises(ObjectiveError, match="leaves out"):
        fill_context(document, [0.0] * 3)


def test_a_field_is_filled_once():
    document = conditional(VIEWS[0][0])
    document["context"] *= 2
    with pytest.raises(ObjectiveError, match="once") as caught:
        fill_context(document, [0.0] * 6)
    assert caught.value.field == "context[1].field"


def obstacles(*centers):
    """Objectives about the distance to balls, some of whose places are left to the context."""
    balls = [{"type": "sphere", "radius": 0.2} | ({"center": c} if c else {}) for c in centers]
    named = [i for i, center in enumerate(centers) if center is None]
    uniform = {"type": "uniform", "lower": [-1, -1, -1], "upper": [1, 1, 1]}
    transform = {
        "type": "distance",
        "spheres": [{"frame": "tip", "radius": 0.1}],
        "obstacles": balls,
    }
    density = {"type": "normal_cdf", "lower": 0.0, "std": 0.1}
    return {
        "robot": "planar3",
        "objectives": [{"name": "off", "transform": transform, "density": density}],
        "context": [
            {"objective": "off", "field": f"obstacles[{i}].center", "distribution": uniform}
            for i in named
        ],
    }


@pytest.mark.parametrize(
    "centers", [(None,), (None, [2.0, 0.0, 0.0]), ([2.0, 0.0, 0.0], None), (None, None)]
)
def test_obstacles_are_placed_by_the_context_row(centers):
    document = obstacles(*centers)
    row = [2.2, 0.1, 0.0, -0.4, 0.3, 0.2][: 3 * centers.count(None)]
    before, after = load_objectives(document), load_objectives(fill_context(document, row))
    assert before.product.context_size == len(row) and not after.context_entries
    q = torch.rand(5, 3, generator=torch.Generator().manual_seed(2)).double()
    rows = torch.tensor([row], dtype=torch.float64)
    here, there = before.product.log_density(q, rows), after.product.log_density(q)
    torch.testing.assert_close(here, there, rtol=1e-12, atol=1e-12)
    assert here.std() > 0


def test_an_obstacle_that_is_not_there_is_refused():
    document = obstacles(None)
    document["context"][0]["field"] = "obstacles[1].center"
    with pytest.raises(ObjectiveError, match="one of the 1 obstacles of off"):
        fill_context(document, [0.0, 0.0, 0.0])
