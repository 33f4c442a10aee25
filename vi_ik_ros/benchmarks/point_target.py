# SPDX-License-Identifier: Apache-2.0
"""Configurations of an arm that hold a frame at a point, and how much of them there is.

There is no grid in 7 dimensions: the normaliser comes from importance sampling that knows what a
turn of the first joint about the vertical axis of the root does.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import i0e

from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.inference.estimates.importance_weights import ImportanceWeights

MARGIN = 0.25  # [rad]; beyond the joint limits by this much, soft ones of 0.05 rad leave 1e-6
CHUNK = 20_000


@dataclass(frozen=True)
class PointTarget:
    """A target density with a normal expert on a position, and soft joint limits.

    Attributes:
        objectives: the target, without a context.
        expert: name of the expert on the position.
        point: its mean, in the root frame [m].
        std: its standard deviation along each axis [m].
    """

    objectives: Objectives
    expert: str
    point: tuple[float, float, float]
    std: float

    def log_density(self, q: np.ndarray) -> np.ndarray:
        """Return log p~ of configurations (N, nq)."""
        with torch.no_grad():
            parts = torch.from_numpy(q).split(CHUNK)
            product = self.objectives.product
            return np.concatenate([product.log_density(part).numpy() for part in parts])

    def positions(self, q: np.ndarray) -> np.ndarray:
        """Return the positions (N, 3) [m] that configurations (N, nq) place the frame at."""
        product = self.objectives.product
        transform = product.expert(self.expert).transform
        with torch.no_grad():
            parts = torch.from_numpy(q).split(CHUNK)
            return np.concatenate([transform(product.state(part)).numpy() for part in parts])

    def weights(self, num_draws: int, rng: np.random.Generator) -> ImportanceWeights:
        """Weigh draws that are uniform in all joints but the first.

        Turning the first joint moves the frame on a circle, on which its normal density is a von
        Mises density of the angle: the first joint is drawn from that.
        """
        robot = self.objectives.robot
        low, high = robot.lower - MARGIN, robot.upper + MARGIN
        log_volume = float(np.log(high - low)[1:].sum())
        found = []
        for start in range(0, num_draws, CHUNK):
            q = rng.uniform(low, high, (min(CHUNK, num_draws - start), robot.nq))
            q[:, 0] = 0.0
            x, y, _ = self.positions(q).T
            angle = math.atan2(self.point[1], self.point[0]) - np.arctan2(y, x)
            concentration = np.hypot(x, y) * math.hypot(*self.point[:2]) / self.std**2
            deviation = rng.vonmises(0.0, concentration)
            q[:, 0] = np.remainder(angle + deviation + math.pi, 2 * math.pi) - math.pi
            exponent = concentration * (np.cos(deviation) - 1.0)
            log_proposal = exponent - np.log(2 * math.pi * i0e(concentration)) - log_volume
            found.append(self.log_density(q) - log_proposal)
        return ImportanceWeights(np.concatenate(found))
