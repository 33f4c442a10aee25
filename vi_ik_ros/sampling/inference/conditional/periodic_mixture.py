# SPDX-License-Identifier: Apache-2.0
"""Expectation maximisation of a Gaussian mixture some of whose columns are angles.

A row is the same with its angles a turn further, so a component has an image at every turn:
p(row) = sum_k pi_k sum_t N(row + t; mu_k, Sigma_k). Which image a row came from is one more hidden
variable: the E-step shares the rows among the images of all components, the M-step takes each row
to where its image saw it. Without periodic columns this is the EM of `joint_mixture`.
"""

from dataclasses import replace

import numpy as np
import torch
from scipy.cluster.vq import kmeans2
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.components.responsibilities import Responsibilities, expectation
from vi_ik_ros.sampling.inference.conditional.joint_mixture import JointInfo
from vi_ik_ros.sampling.models.linear_experts.wrapped_mixture import TURN, images

MOST_CLUSTERED = 20_000  # rows that find the first means


def init(
    rows: Tensor, num_components: int, periodic: tuple[int, ...], rng: np.random.Generator
) -> GaussianComponents:
    """Return weights and moments of k-means clusters, of angles by their cosine and sine.

    Args:
        rows: (N, f + D) float64, y and x side by side; more than components.
        num_components: K.
        periodic: indices of the columns that turn [rad].
        rng: source of randomness.
    """
    turning = list(periodic)
    plain = [i for i in range(rows.shape[1]) if i not in periodic]
    angles = rows[:, turning]
    on_circles = torch.cat([rows[:, plain], angles.cos(), angles.sin()], 1)
    some = on_circles[rng.permutation(len(rows))[:MOST_CLUSTERED]].numpy()
    centers = torch.from_numpy(kmeans2(some, num_components, minit="++", seed=rng)[0])
    cosine, sine = centers[:, len(plain) :].chunk(2, dim=1)
    loc = rows.new_empty(num_components, rows.shape[1])
    loc[:, plain], loc[:, turning] = centers[:, : len(plain)], torch.atan2(sine, cosine)
    parts = [torch.cdist(part, centers).argmin(1) for part in on_circles.split(MOST_CLUSTERED)]
    owners = torch.cat(parts)
    wide = torch.diag(rows.std(0)).expand(num_components, -1, -1)
    start = GaussianComponents(rows.new_zeros(num_components), loc, wide)
    turns = torch.zeros_like(rows)
    turns[:, turning] = ((loc[owners] - rows)[:, turning] / TURN).round() * TURN
    alone = Responsibilities(torch.arange(len(rows)), rows.new_ones(len(rows)), ())
    return _maximised(start, rows + turns, owners, alone, periodic)


def step(
    components: GaussianComponents, rows: Tensor, periodic: tuple[int, ...]
) -> tuple[GaussianComponents, JointInfo]:
    """Do one update of expectation maximisation; the likelihood does not fall.

    Args:
        components: with the means of periodic columns within half a turn of 0.
        rows: (N, f + D) float64, periodic columns within half a turn of 0.
        periodic: indices of the columns that turn.
    """
    std = components.scale_tril.square().sum(-1).sqrt()
    middle = np.zeros(rows.shape[1])
    owner, shift = images(components.loc.numpy(), std.numpy(), middle, periodic)
    owners, shifts = torch.from_numpy(owner), torch.from_numpy(shift)
    seen = GaussianComponents(
        components.log_weights[owners],
        components.loc[owners] + shifts,
        components.scale_tril[owners],
    )
    log_model, shared = expectation(seen, rows)
    counts = torch.tensor(shared.bounds).diff()
    image = torch.arange(len(owner)).repeat_interleave(counts)
    new = _maximised(components, rows[shared.rows] - shifts[image], owners[image], shared, periodic)
    return new, JointInfo(float(log_model.mean()))


def _maximised(
    components: GaussianComponents,
    rows: Tensor,
    owners: Tensor,
    shared: Responsibilities,
    periodic: tuple[int, ...],
) -> GaussianComponents:
    """Return the M-step of rows (M, f + D), each as its component sees it.

    Args:
        components: that keep their place where they have no row.
        rows: with repetitions, one for each share.
        owners: (M,) component of each.
        shared: the shares.
        periodic: columns whose means are brought back to within half a turn of 0.
    """
    order = owners.argsort(stable=True)
    counts = torch.bincount(owners, minlength=len(components.loc))
    bounds = (0, *counts.cumsum(0).tolist())
    sorted_shares = Responsibilities(order, shared.shares[order], bounds)
    new = components.maximise(rows, torch.ones_like(rows[:, 0]), sorted_shares)
    loc = new.loc.clone()
    for column in periodic:
        loc[:, column] -= (loc[:, column] / TURN).round() * TURN
    return replace(new, loc=loc)
