# SPDX-License-Identifier: Apache-2.0
"""Training pairs of a context that bounds a whole pose: by weights, or solved where those fail."""

from pathlib import Path

import pytest
import torch

from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.postures import posture_pool

WIDE = {"lower": [0.0, -0.5, -0.1, -0.1, -0.1, -1.0], "upper": [1.5, 0.5, 0.1, 0.1, 0.1, 1.0]}
FLAT = {"lower": [0.5, -0.5, 0, 0, 0, -1.0], "upper": [1.5, 0.5, 0, 0, 0, 1.0]}


def objectives(box: dict) -> Objectives:
    """A planar arm whose tip is at a pose within bounds."""
    hand = {
        "name": "hand",
        "transform": {"type": "pose", "frame": "tip"},
        "density": {"type": "normal", "std": {"position": 0.01, "orientation": 0.02}},
    }
    limits = {
        "name": "joint_limits",
        "transform": {"type": "configuration"},
        "density": {
            "type": "normal_cdf", "lower": "joint_limits", "upper": "joint_limits", "std": 0.05
        },
    }  # fmt: skip
    context = {"objective": "hand", "distribution": {"type": "uniform"} | box}
    document = {"robot": "planar6", "objectives": [hand, limits], "context": [context]}
    return load_objectives(document, dtype=torch.float32)


@pytest.mark.parametrize(("box", "solved"), [(WIDE, False), (FLAT, True)])
def test_pairs_keep_to_the_bounds(
    box: dict, solved: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(posture_pool, "NUM_POSTURES", 500)
    product = objectives(box).product
    pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
    contexts, x = pairs.draw(400, torch.Generator().manual_seed(0))
    assert any(tmp_path.rglob("*.npy")) == solved
    expert = product.expert("hand")
    poses = expert.transform.from_wire(contexts)
    rows = expert.transform.difference(poses, torch.eye(4).expand_as(poses))
    lower, upper = torch.tensor(box["lower"]), torch.tensor(box["upper"])
    noise = 5 * torch.tensor([0.01] * 3 + [0.02] * 3) if solved else 1e-4
    assert ((rows > lower - noise) & (rows < upper + noise)).all()
    part = ((rows - lower) / (upper - lower))[:, [0, 1, 5]]
    assert (part.amin(0) < 0.1).all() and (part.amax(0) > 0.9).all()
    assert -4.5 < product.expert_log_densities(x, contexts)["hand"].mean() < -1.5
