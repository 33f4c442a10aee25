# SPDX-License-Identifier: Apache-2.0
"""A network is trained for every sort of context that an objectives file can express."""

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.fit import FitSettings, fit
from vi_ik_ros.sampling.training.pairs import TrainingPairs

SMALL = FitSettings(steps=80, num_components=8, width=32, num_blocks=1, batch_size=128)
REACHABLE = {"type": "reachable"}
BALL = {
    "name": "ball",
    "transform": {
        "type": "distance",
        "capsules": [
            {"frame": "link_1", "end": [1.0, 0.0, 0.0], "radius": 0.05},
            {"frame": "link_2", "end": [1.0, 0.0, 0.0], "radius": 0.05},
        ],
        "obstacles": [{"type": "sphere", "radius": 0.3}],
    },
    "density": {"type": "normal_cdf", "lower": 0.0, "std": 0.02},
}
SOMEWHERE = {
    "objective": "ball",
    "distribution": {"type": "uniform", "lower": [0.3, -1.2, -0.1], "upper": [1.2, 1.2, 0.1]},
}


def target(name: str, transform: dict, std) -> dict:
    return {"name": name, "transform": transform, "density": {"type": "normal", "std": std}}


def position(frame: str = "tip") -> dict:
    return {"type": "position", "frame": frame, "axes": ["x", "y"]}


TIP = target("tip", position(), 0.1)
CASES = {
    "position": [TIP],
    "pose": [target("hand", {"type": "pose", "frame": "tip"}, 0.1)],
    "orientation": [target("turn", {"type": "orientation", "frame": "tip"}, 0.1)],
    "two_targets": [TIP, target("elbow", position("link_3"), 0.1)],
    "pose_and_position": [
        target("hand", {"type": "pose", "frame": "tip"}, {"position": 0.1, "orientation": 0.2}),
        target("elbow", position("link_3"), 0.1),
    ],
    "some_joints": [target("first", {"type": "configuration", "joints": ["joint_1"]}, 0.1)],
    "relative": [
        target("between", {"type": "relative_position", "frame": "tip", "in_frame": "link_2"}, 0.1)
    ],
    "obstacle": [TIP, BALL],
    "obstacle_alone": [BALL],
}


def objectives(case: str) -> Objectives:
    named = CASES[case]
    entry = {"distribution": REACHABLE}
    return load_objectives(
        {
            "robot": "planar3",
            "objectives": [
                *named,
                {
                    "name": "joint_limits",
                    "transform": {"type": "configuration"},
                    "density": {
                        "type": "normal_cdf",
                        "lower": "joint_limits",
                        "upper": "joint_limits",
                        "std": 0.05,
                    },
                },
            ],
            "context": [
                SOMEWHERE if one is BALL else entry | {"objective": one["name"]} for one in named
            ],
        },
        dtype=torch.float32,
    )


@pytest.mark.parametrize("case", CASES)
def test_a_fit_learns_what_the_context_asks_for(case, tmp_path, monkeypatch):
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_SAMPLES", 2)
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_CONTEXTS", 50)
    monkeypatch.setattr("vi_ik_ros.sampling.training.runs.amortized_run.NUM_STORED_CONTEXTS", 500)
    given = objectives(case)
    fit(given, tmp_path / case, settings=SMALL)
    model = ModelStore().load(tmp_path / case, given.robot).model
    chain = given.product.chain
    pairs = TrainingPairs(given.product, chain.lower, chain.upper)
    contexts, _ = pairs.draw(200, torch.Generator().manual_seed(7))
    rngs = [np.random.default_rng(i) for i in range(len(contexts))]
    drawn = torch.from_numpy(model.sample(contexts.double().numpy(), 1, rngs).q[:, 0]).float()
    own = given.product.log_density(drawn, contexts)
    others = given.product.log_density(drawn, contexts.roll(1, 0))
    assert own.median() > others.median() or case == "obstacle_alone"
    assert own.mean() > others.mean()


def test_an_obstacle_of_a_context_is_where_its_row_says():
    product = objectives("obstacle_alone").product
    q = torch.zeros(3, 3)
    rows = torch.tensor([[0.5, 0.0, 0.0], [1.0, 2.0, 0.0], [0.5, 0.35, 0.0]])
    values = [float(product.expert_log_densities(q[:1], row[None])["ball"]) for row in rows]
    together = product.expert_log_densities(q, rows)["ball"]
    torch.testing.assert_close(together, torch.tensor(values))
    assert together[1] > -1e-3 > together[2] > together[0]


def test_pairs_keep_off_their_obstacles():
    product = objectives("obstacle").product
    pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
    contexts, x = pairs.draw(500, torch.Generator().manual_seed(0))
    places = contexts[:, 2:]
    lower, upper = (torch.tensor(SOMEWHERE["distribution"][b]) for b in ("lower", "upper"))
    assert ((places >= lower) & (places <= upper)).all() and (places.std(0) > 0.03).all()
    near = product.expert_log_densities(x, contexts)["ball"]
    far = product.expert_log_densities(x, contexts.roll(1, 0))["ball"]
    assert near.min() > -8 and far.min() < -20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"distribution": REACHABLE}, r"context\[1\].distribution.type: got reachable.*uniform"),
        ({"field": "obstacles[1].center"}, r"context\[1\].field.*obstacles\[0\].center"),
        (None, r"objectives\[1\].transform.obstacles\[0\].center: got nothing.*3 numbers here"),
    ],
)
def test_an_open_obstacle_that_is_not_given_is_refused(change, message):
    document = dict(objectives("obstacle").document)
    document["context"] = document["context"][:1]
    if change:
        document["context"].append(SOMEWHERE | change)
    with pytest.raises(ObjectiveError, match=message):
        load_objectives(document)
