# SPDX-License-Identifier: Apache-2.0
"""Raise the likelihood of data in the parameters of an unnormalised density, Eq. (20).

The gradient is contrastive: grad log p~ at the data minus its mean under p. That mean and the
normaliser come from weighted points of a proposal, so everything is as good as their effective
number; steps end where it has fallen too far.
"""

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.estimates.importance_weights import ImportanceWeights

NEGLIGIBLE = 1e-6  # of the mean weight; such points are not differentiated
PRIOR = 0.05  # precision of the normal prior about the start; a datum has 1 to 2 on most parameters
KEPT = 0.5  # part of the effective points that a climb may not go below
FEWEST, FEWEST_EACH = 100, 10  # effective points: at all, and for each parameter
CHUNK = 20_000  # rows that are differentiated at once
MAX_UPDATES, HALVINGS = 10, 8  # of one climb, of one step in it
NEAR = 0.01  # [standard errors] a step that need not be taken


class TargetFamily(Protocol):
    """Unnormalised densities p~(x; theta). Theta is free, 0 at the start, in units of its spread.

    Attributes:
        num_parameters: P, length of theta.
    """

    num_parameters: int

    def view(self, x: Tensor) -> Tensor:
        """Return what the densities look at (N, F) of rows x (N, D): the costly part."""
        ...

    def log_density(self, view: Tensor, theta: Tensor) -> Tensor:
        """Return log p~ (N,) of views (N, F) for theta (P,), differentiable in theta."""
        ...


@dataclass(frozen=True)
class ProposalPoints:
    """Draws of a proposal with known density.

    Attributes:
        x: (N, D).
        view: (N, F), what the family looks at.
        log_proposal: (N,), log density of the proposal.
    """

    x: Tensor
    view: Tensor
    log_proposal: Tensor

    def joined(self, newer: "ProposalPoints", capacity: int) -> "ProposalPoints":
        """Append the draws of another proposal and keep the newest.

        A mean over all of them is the mean of what each proposal estimates.
        """
        pairs = ((getattr(self, f.name), getattr(newer, f.name)) for f in fields(self))
        return ProposalPoints(*(torch.cat(pair)[-capacity:] for pair in pairs))

    def rows(self, chosen: Tensor | slice) -> "ProposalPoints":
        """Return some of them."""
        return ProposalPoints(*(getattr(self, f.name)[chosen] for f in fields(self)))


@dataclass(frozen=True)
class Likelihood:
    """The data's likelihood at some theta, as the points see it; means over the data.

    Attributes:
        family: p~.
        data: (n, F), views of the data.
        points: for everything that p is averaged over.
        theta: (P,).
    """

    family: TargetFamily
    data: Tensor
    points: ProposalPoints
    theta: Tensor

    def at(self, theta: Tensor) -> "Likelihood":
        """Return the likelihood at another theta."""
        return replace(self, theta=theta)

    @cached_property
    def log_weights(self) -> Tensor:
        """Return log p~ - log proposal of the points, (N,)."""
        with torch.no_grad():
            log_target = self.family.log_density(self.points.view, self.theta)
        return (log_target - self.points.log_proposal).nan_to_num(-torch.inf, posinf=-torch.inf)

    @property
    def weights(self) -> ImportanceWeights:
        """Return the weights with their figures."""
        return ImportanceWeights(self.log_weights.numpy())

    @cached_property
    def log_probs(self) -> Tensor:
        """Return log p of the data, (n,), normalised."""
        log_normalizer = torch.logsumexp(self.log_weights, 0) - math.log(len(self.log_weights))
        with torch.no_grad():
            return self.family.log_density(self.data, self.theta) - log_normalizer

    @property
    def objective(self) -> float:
        """Return the mean log likelihood with the log prior's share of one datum."""
        prior = 0.5 * PRIOR * float(self.theta.square().sum())
        return float(self.log_probs.mean()) - prior / len(self.data)

    @property
    def effective_points(self) -> float:
        """Return the effective number of points."""
        shares = torch.softmax(self.log_weights, 0)
        return float(1.0 / shares.square().sum())

    def narrowed(self, enough: float) -> "Likelihood":
        """Return the likelihood with the newest points only, or all if these are too few.

        Args:
            enough: effective number of points.
        """
        weights = torch.exp(self.log_weights - self.log_weights.max()).flip(0)
        effective = weights.cumsum(0).square() / weights.square().cumsum(0).clamp_min(1e-300)
        reached = torch.nonzero(effective >= enough)
        if not len(reached):
            return self
        return replace(self, points=self.points.rows(slice(-int(reached[0]) - 1, None)))

    def slope(self) -> tuple[Tensor, Tensor]:
        """Return the gradient (P,) of the objective and its Fisher information (P, P).

        The information of an unnormalised density is the covariance of grad log p~ under p.
        """
        at_data = scores(self.family, self.data, self.theta)  # (n, P)
        shares = torch.softmax(self.log_weights, 0)
        heavy = shares > NEGLIGIBLE / len(shares)
        shares = shares[heavy] / shares[heavy].sum()
        at_points = scores(self.family, self.points.view[heavy], self.theta)  # (N, P)
        mean = shares @ at_points
        centred = at_points - mean
        information = (shares[:, None] * centred).mT @ centred
        precision = PRIOR / len(self.data)
        gradient = at_data.mean(0) - mean - precision * self.theta
        return gradient, information + precision * torch.eye(len(mean), dtype=mean.dtype)


def scores(family: TargetFamily, view: Tensor, theta: Tensor) -> Tensor:
    """Return grad log p~ in theta at views (N, F), (N, P)."""

    def log_density(parameters: Tensor, row: Tensor) -> Tensor:
        return family.log_density(row[None], parameters)[0]

    gradient = torch.func.grad(log_density)
    return torch.func.vmap(gradient, (None, 0), chunk_size=CHUNK)(theta, view)


def climb(start: Likelihood) -> Likelihood:
    """Take natural-gradient steps until the likelihood is highest or the points lose their use.

    Args:
        start: where the climb begins; its points are used throughout.
    """
    fewest = max(KEPT * start.effective_points, FEWEST, FEWEST_EACH * len(start.theta))
    here = start
    for _ in range(MAX_UPDATES):
        gradient, information = here.slope()
        direction = torch.linalg.solve(information, gradient)
        gain = float(gradient @ direction)
        if len(here.data) * gain < NEAR**2:
            break
        reached = _along(here, direction, gain, fewest)
        if reached is None:
            break
        here = reached
    return here


def _along(here: Likelihood, direction: Tensor, gain: float, fewest: float) -> Likelihood | None:
    """Return the first of ever shorter steps that gains enough and keeps enough points, if any."""
    for halving in range(HALVINGS):
        length = 0.5**halving
        there = here.at(here.theta + length * direction)
        gained = there.objective - here.objective
        if gained > 0.1 * length * gain and there.effective_points >= fewest:
            return there
    return None
