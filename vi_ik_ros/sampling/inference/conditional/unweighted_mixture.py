# SPDX-License-Identifier: Apache-2.0
"""The joint mixture as Satici 2021 fits it: close to expectation maximisation, not the same.

Its E-step, Eq. (5), leaves the weights out of the responsibilities, yet its M-step, Eq. (6),
re-estimates them: together with the weights the likelihood may fall. It ends when means and
covariances hardly change, whatever the likelihood does.
"""

import math
from dataclasses import replace

import numpy as np
import torch
from scipy.cluster.vq import kmeans2
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.components.responsibilities import expectation
from vi_ik_ros.sampling.inference.conditional.joint_mixture import JointInfo

RIDGE = 1e-6  # added to every variance
MOVED, RESHAPED = 1e-4, 1e-3  # relative changes of means and covariances that end it
MAX_UPDATES = 100  # MOVED, RESHAPED and this are those of the source's sweeps over M


def init(rows: Tensor, num_components: int, rng: np.random.Generator) -> GaussianComponents:
    """Return equal weights, k-means centers and unit covariances, by section 2.3 of the source.

    Args:
        rows: (N, f + D) float64, y and x side by side; more than components.
        num_components: K.
        rng: source of randomness.
    """
    centers, _ = kmeans2(rows.numpy(), num_components, minit="++", seed=rng)
    unit = torch.eye(rows.shape[1], dtype=rows.dtype).expand(num_components, -1, -1)
    equal = rows.new_full((num_components,), -math.log(num_components))
    return GaussianComponents(equal, torch.from_numpy(centers), unit)


def step(components: GaussianComponents, rows: Tensor) -> tuple[GaussianComponents, JointInfo]:
    """Do one update by Eq. (5) and (6); the likelihood, weights included, may fall."""
    joint = torch.logsumexp(components.log_weights + components.log_prob(rows), 1)
    unweighted = replace(components, log_weights=torch.zeros_like(components.log_weights))
    _, responsibilities = expectation(unweighted, rows)
    new = components.maximise(rows, torch.ones_like(joint), responsibilities)
    ridge = RIDGE * torch.eye(rows.shape[1], dtype=rows.dtype)
    covariance = new.scale_tril @ new.scale_tril.mT + ridge
    new = replace(new, scale_tril=torch.linalg.cholesky(covariance))
    return new, JointInfo(float(joint.mean()))


def has_settled(before: GaussianComponents, after: GaussianComponents) -> bool:
    """Tell whether an update has changed means and covariances so little that the source stops."""
    covariances = [c.scale_tril @ c.scale_tril.mT for c in (before, after)]
    moved = (after.loc - before.loc).norm() / before.loc.norm()
    reshaped = (covariances[1] - covariances[0]).norm() / covariances[0].norm()
    return bool(moved < MOVED and reshaped < RESHAPED)
