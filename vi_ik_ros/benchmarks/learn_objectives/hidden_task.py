# SPDX-License-Identifier: Apache-2.0
"""A task of the Panda that somebody knows, and the objectives file of somebody who does not.

The hand stays about a pose, the elbow about a height, the arm within its limits. The arm itself
favours some elbow heights, and the demonstrations show both at once.
"""

import copy

import numpy as np

from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.objective_learning.product_density import ProductDensity

POSE = (0.45, 0.1, 0.45, 1.0, 0.0, 0.0, 0.0)  # of panda_link8 in panda_link0 [m, unit]
POSITION_STD, ORIENTATION_STD = 0.02, 0.1  # [m], [rad]
HEIGHT, HEIGHT_STD = 0.5, 0.08  # of panda_link4 [m]
LIMIT_STD = 0.05  # [rad]
FIELDS = ("hand.mean", "hand.std", "elbow.mean", "elbow.std")


def hidden_document() -> dict[str, object]:
    """Return the objectives file of the task."""
    spread = {"position": POSITION_STD, "orientation": ORIENTATION_STD}
    hand = {"type": "normal", "mean": list(POSE), "std": spread}
    elbow = {"type": "normal", "mean": [HEIGHT], "std": HEIGHT_STD}
    limits = {"lower": "joint_limits", "upper": "joint_limits", "std": LIMIT_STD}
    objectives = [
        _objective("hand", {"type": "pose", "frame": "panda_link8"}, hand),
        _objective("elbow", {"type": "position", "frame": "panda_link4", "axes": ["z"]}, elbow),
        _objective("joint_limits", {"type": "configuration"}, {"type": "normal_cdf", **limits}),
    ]
    return {"robot": "panda", "objectives": objectives, "context": []}


def open_document() -> dict[str, object]:
    """Return the file without the numbers of the task; to be learned are `FIELDS`."""
    document = copy.deepcopy(hidden_document())
    hand, elbow = (item["density"] for item in document["objectives"][:2])  # type: ignore[index]
    for density in (hand, elbow):
        del density["mean"]
    hand["std"] = {"position": 1.0, "orientation": 1.0}  # its form: one number for each
    elbow["std"] = 1.0
    return document


def hidden_density(seed: int = 0) -> ProductDensity:
    """Return the density of the task, to draw demonstrations from."""
    return ProductDensity.of(load_objectives(hidden_document()).product, seed=seed)


def _objective(name: str, transform: dict, density: dict) -> dict[str, object]:
    return {"name": name, "transform": transform, "density": density}


def task_errors(document: dict) -> dict[str, float]:
    """Return how far the numbers of a learned file are from those of the task.

    Keys are metrics with their units; a ratio is that of the learned to the true std.
    """
    hand, elbow = (item["density"] for item in document["objectives"][:2])
    pose, true = np.array(hand["mean"]), np.array(POSE)
    cosine = abs(pose[3:] @ true[3:]) / np.linalg.norm(pose[3:])
    return {
        "position error [mm]": 1e3 * float(np.linalg.norm(pose[:3] - true[:3])),
        "orientation error [deg]": float(np.degrees(2.0 * np.arccos(min(1.0, cosine)))),
        "elbow height error [mm]": 1e3 * abs(elbow["mean"][0] - HEIGHT),
        "position std, learned / true": hand["std"]["position"] / POSITION_STD,
        "orientation std, learned / true": hand["std"]["orientation"] / ORIENTATION_STD,
        "elbow std, learned / true": elbow["std"] / HEIGHT_STD,
    }
