# SPDX-License-Identifier: Apache-2.0
import copy

import numpy as np
import pytest
from scipy.special import log_ndtr

from vi_ik_ros.sampling.inference.demonstrations.learn_experts import LearnSettings
from vi_ik_ros.sampling.training.objective_learning import learn_objectives, product_density

STD = (0.1, 0.2)


@pytest.fixture(scope="module")
def quick():
    """Learning with little: enough for the plane."""

    def settings_for(num_dims, num_components=None):
        return LearnSettings(num_components or 12, 4000, 20, 6, 4000)

    with pytest.MonkeyPatch.context() as patch:
        for module in (learn_objectives, product_density):
            patch.setattr(module, "settings_for", settings_for)
            patch.setattr(module, "NUM_POINTS", 10_000)
        yield


@pytest.fixture(scope="session")
def hidden():
    """A planar arm's tip about a point near the end of its reach; the arm bends its density."""
    density = {"type": "normal", "mean": [0.8, 1.2], "std": list(STD)}
    limits = {"type": "normal_cdf", "lower": "joint_limits", "upper": "joint_limits", "std": 0.05}
    tip = {"type": "position", "frame": "tip", "axes": ["x", "y"]}
    return {
        "robot": "planar2",
        "objectives": [
            {"name": "tip", "transform": tip, "density": density},
            {"name": "limits", "transform": {"type": "configuration"}, "density": limits},
        ],
        "context": [],
    }


@pytest.fixture
def open_file(hidden):
    """The same without the numbers of the tip."""
    document = copy.deepcopy(hidden)
    document["objectives"][0]["density"] = {"type": "normal"}
    return document


@pytest.fixture(scope="session")
def grid():
    """Midpoints of cells over the joints and a margin, and the volume of a cell."""
    lower, upper = np.array([0.02, -np.pi + 0.02]), np.array([np.pi - 0.02, np.pi - 0.02])
    cells = np.array([200, 400])
    size = (upper - lower + 0.6) / cells
    axes = [lower[i] - 0.3 + size[i] * (np.arange(cells[i]) + 0.5) for i in range(2)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2), float(size.prod())


@pytest.fixture(scope="session")
def demonstrations(hidden, grid):
    """Draws of the hidden density, cell by cell: nothing of ours but the limits of the robot."""
    q, _ = grid
    log_density = grid_log_density(q, np.array([0.8, 1.2, *STD]))
    rng = np.random.default_rng(0)
    p = np.exp(log_density - log_density.max())
    cell = q[1] - q[0] + q[400] - q[0]
    return q[rng.choice(len(q), 150, p=p / p.sum())] + cell * (rng.random((150, 2)) - 0.5)


def grid_log_density(q, numbers):
    """log p~ of the hidden file, in numpy."""
    lower, upper = np.array([0.02, -np.pi + 0.02]), np.array([np.pi - 0.02, np.pi - 0.02])
    tip = np.stack([np.cos(q[:, 0]) + np.cos(q.sum(1)), np.sin(q[:, 0]) + np.sin(q.sum(1))], 1)
    limits = log_ndtr((q - lower) / 0.05) + log_ndtr((upper - q) / 0.05)
    return -0.5 * np.square((tip - numbers[:2]) / numbers[2:]).sum(1) + limits.sum(1)


@pytest.fixture(scope="session")
def log_density():
    return grid_log_density
