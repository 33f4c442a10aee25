# SPDX-License-Identifier: Apache-2.0
"""Joint mixtures of tip positions and joint angles, fitted in several ways."""

import math
import time
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.gmm_ik.planar_arm import forward
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.conditional import periodic_mixture, unweighted_mixture
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.em_mixture import EmMixture
from vi_ik_ros.sampling.models.linear_experts.joint_options import JointOptions
from vi_ik_ros.sampling.training.runs.em_run import (
    LEAST_GAIN,
    JointRows,
    em_mixture,
    independent_columns,
    joint_rows,
)

ENTRIES = (("position", 3),)
LIMIT = math.pi  # [rad], of every joint
MAX_UPDATES = 150  # of exact expectation maximisation


@dataclass(frozen=True)
class Variant:
    """A way to fit.

    Attributes:
        name: in the report.
        as_source: responsibilities without weights, the start and the end of the source.
        periodic: whether angles are wrapped.
        turned: whether the first joint's rotation is taken off, as `amortized` and `em` do.
    """

    name: str
    as_source: bool = False
    periodic: bool = False
    turned: bool = False


SOURCE = Variant("the source's variant", as_source=True)
EXACT = Variant("exact EM")
PERIODIC = Variant("exact EM, angles wrapped", periodic=True)
TURNED = Variant("ours: exact EM, angles wrapped, first joint turned", periodic=True, turned=True)
VARIANTS = (SOURCE, EXACT, PERIODIC, TURNED)


@dataclass(frozen=True)
class FittedVariant:
    """What came of a fit.

    Attributes:
        model: the mixture.
        log_likelihoods: mean log density of the training rows before each update.
    """

    model: EmMixture
    log_likelihoods: tuple[float, ...]


def fit_variant(
    variant: Variant,
    theta: np.ndarray,
    num_components: int,
    seed: int,
    *,
    max_updates: int = MAX_UPDATES,
    budget: float = math.inf,
) -> FittedVariant:
    """Fit to joint angles theta (N, 3) [rad] and where they take the tip.

    Args:
        variant: how.
        theta: (N, 3) within half a turn of 0.
        num_components: M.
        seed: of the start.
        max_updates: after so many it ends.
        budget: after so many seconds it ends, too.
    """
    contexts = context_rows(forward(theta))
    symmetry = AxisSymmetry(first=0) if variant.turned else AxisSymmetry()
    options = JointOptions(
        ENTRIES, (-LIMIT,) * 3, (LIMIT,) * 3, num_components=num_components, symmetry=symmetry
    )
    columns = independent_columns(options.features(), contexts, int(variant.turned))
    periodic = (0, 1, 2) if variant.periodic else ()
    options = JointOptions(
        **{**vars(options), "columns": columns, "periodic": periodic},
    )
    rows = joint_rows(options, contexts, theta)
    components, log_likelihoods = _fitted(variant, rows, num_components, seed, max_updates, budget)
    model = em_mixture(options, components, rows, bounded=not variant.as_source)
    return FittedVariant(model, tuple(log_likelihoods))


def context_rows(positions: np.ndarray) -> np.ndarray:
    """Return context rows (n, 3) of tip positions (n, 2) [m]."""
    return np.concatenate([positions, np.zeros((len(positions), 1))], axis=1)


def _fitted(
    variant: Variant, rows: JointRows, num_components: int, seed: int, updates: int, budget: float
) -> tuple[GaussianComponents, list[float]]:
    """Return the components and the mean log density before each update."""
    log_likelihoods: list[float] = []
    begin = time.monotonic()
    rng, values = np.random.default_rng(seed), rows.values
    if variant.as_source:
        components = unweighted_mixture.init(values, num_components, rng)
        updates = min(updates, unweighted_mixture.MAX_UPDATES)
    else:
        components = periodic_mixture.init(values, num_components, rows.periodic, rng)
    for _ in range(updates):
        before = components
        if variant.as_source:
            components, info = unweighted_mixture.step(before, values)
            done = unweighted_mixture.has_settled(before, components)
        else:
            components, info = periodic_mixture.step(before, values, rows.periodic)
            last = log_likelihoods[-1] if log_likelihoods else -math.inf
            done = info.log_likelihood - last < LEAST_GAIN
        log_likelihoods.append(info.log_likelihood)
        if done or time.monotonic() - begin > budget:
            break
    return components, log_likelihoods
