# SPDX-License-Identifier: Apache-2.0
"""Optional tasks of a planar arm, some of which exclude each other: which of them get the mass.

The tip of three links is held at a point. Three tasks may be given up (uni-Gauss experts): the
wrist on one side, the wrist on the other side, the elbow at a point that suits both a little.
Mixtures are fitted to each combination of kept and dropped tasks, and to their sum; the masses
of all of them are known from a grid, by formulae that share no code with the experts.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from vi_ik_ros.benchmarks.report import Report, Row, bootstrap_row
from vi_ik_ros.benchmarks.unigauss_hierarchy.optional_tasks import (
    NAMES,
    REACHED,
    Combination,
    OptionalTasks,
)
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.inference.estimates.importance_weights import (
    Estimate,
    defensive_weights,
    mean,
)
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.training.runs.natural_gradient_run import (
    NaturalGradientFit,
    fit_natural_gradient,
)

NAME = "unigauss-hierarchy"
NUM_FITS, QUICK_FITS = 3, 1  # of the sum of all combinations
NUM_STEPS, QUICK_STEPS = 100, 15
NUM_COMPONENTS, QUICK_COMPONENTS = 12, 4
NUM_DRAWS, QUICK_DRAWS = 40_000, 4000
CELLS, QUICK_CELLS = 220, 60  # of each joint
EXACT = "exact, by a grid"


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Compare masses of combinations, and draws of the sum, with a grid.

    Args:
        seeds: rounds of three fits of the sum; the combinations are fitted once.
        quick: fewer of everything, a coarser grid.
        budget: time of one fit [s]; None: as long as it takes.
        on_progress: called with a line about what comes next.
    """
    started = time.monotonic()
    torch.set_num_threads(1)
    tasks = OptionalTasks()
    on_progress("grid ...")
    exact = tasks.on_grid(QUICK_CELLS if quick else CELLS)
    settings = NaturalGradientFit(
        QUICK_COMPONENTS if quick else NUM_COMPONENTS,
        steps=QUICK_STEPS if quick else NUM_STEPS,
        time_limit=budget or math.inf,
        order=1.0,
    )
    num_draws = QUICK_DRAWS if quick else NUM_DRAWS
    elbos, sampled = {}, {}
    for kept, product in tasks.combinations().items():
        on_progress(f"{words(kept)} ...")
        model = fit_natural_gradient(product, settings).model()
        elbos[kept], sampled[kept] = masses(product, model, num_draws)
    rows = mass_rows(exact.log_masses, elbos, sampled)
    used = range(seeds * (QUICK_FITS if quick else NUM_FITS))
    sums = {"sum, annealed twin": tasks.product, "sum, uniform": tasks.product.annealed(1.0)}
    for case, product in sums.items():
        on_progress(f"{case} ...")
        models = [_fitted(product, settings, seed) for seed in used]
        rows += draw_rows(case, tasks, models, exact.reached, num_draws)
    return Report(NAME, rows, list(used), time.monotonic() - started)


def words(kept: Combination) -> str:
    """Return the words of the report for a combination."""
    names = [name.replace("_", " ") for name, keep in zip(NAMES, kept, strict=True) if keep]
    return " and ".join(names) or "no optional task"


def masses(
    product: ProductOfExperts, model: GaussianMixture, num_draws: int
) -> tuple[Estimate, Estimate]:
    """Return the ELBO of a model, and log int p~ by importance sampling with the same model.

    The draws of the second one come from the model and, half of them, from the joint limits.
    """
    rng = np.random.default_rng(0)
    lower, upper = model.lower - 0.5, model.upper + 0.5  # soft limits let some mass out
    q, _ = model.draw(num_draws, rng)
    elbo = mean(_log_target(product, q) - _log_model(model, q))
    q = np.concatenate([q, rng.uniform(lower, upper, q.shape)])
    inside = np.asarray(((q >= lower) & (q <= upper)).all(1))
    volume = float((upper - lower).prod())
    weights = defensive_weights(_log_target(product, q), _log_model(model, q), inside, volume)
    return elbo, weights.log_normalizer


def mass_rows(
    exact: Mapping[Combination, float],
    elbos: Mapping[Combination, Estimate],
    sampled: Mapping[Combination, Estimate],
) -> list[Row]:
    """Return the log mass and the share of every combination."""
    share = shares({kept: Estimate(value) for kept, value in exact.items()})
    methods = {"ELBO": elbos, "importance sampling": sampled}
    found = {name: shares(estimates) for name, estimates in methods.items()}
    rows = []
    for kept, log_mass in exact.items():
        for name, estimates in methods.items():
            one, metric = estimates[kept], f"log mass by {name} [nat]"
            rows.append(Row(words(kept), metric, one.value, one.stderr, log_mass, EXACT))
        for name, percent in found.items():
            one, metric = percent[kept], f"share by {name} [%]"
            rows.append(Row(words(kept), metric, one.value, one.stderr, share[kept].value, EXACT))
    return rows


def shares(log_masses: Mapping[Combination, Estimate]) -> dict[Combination, Estimate]:
    """Return the share of each combination in the sum of all [%]; errors to first order."""
    values = np.array([one.value for one in log_masses.values()])
    variances = np.array([one.stderr for one in log_masses.values()]) ** 2
    share = np.exp(values - np.logaddexp.reduce(values))
    slopes = share[:, None] * (np.eye(len(share)) - share)
    errors = np.sqrt(slopes**2 @ variances)
    return {
        kept: Estimate(100.0 * float(value), 100.0 * float(error))
        for kept, value, error in zip(log_masses, share, errors, strict=True)
    }


def draw_rows(
    case: str,
    tasks: OptionalTasks,
    models: Sequence[GaussianMixture],
    exact: Mapping[str, float],
    num_draws: int,
) -> list[Row]:
    """Return which tasks raw draws of the fits fulfil; errors come from resampling whole fits."""
    rng = np.random.default_rng(0)
    draws = [model.draw(num_draws, rng)[0] for model in models]
    rows = []
    for name, wanted in exact.items():
        reached = [100.0 * tasks.reached(q)[name] for q in draws]
        metric = f"draws within {REACHED:g} std of {name.replace('_', ' ')} [%]"
        row = bootstrap_row(case, metric, reached, np.mean, rng=rng)
        error = row.stderr if len(models) > 1 else None
        rows.append(Row(case, metric, row.value, error, 100.0 * wanted, EXACT))
    return rows


def _fitted(product: ProductOfExperts, settings: NaturalGradientFit, seed: int) -> GaussianMixture:
    """Fit the sum of all combinations."""
    return fit_natural_gradient(product, replace(settings, seed=seed)).model()


def _log_target(product: ProductOfExperts, q: np.ndarray) -> np.ndarray:
    """Return log p~ (N,) of configurations (N, 3)."""
    with torch.no_grad():
        return np.asarray(product.log_density(torch.from_numpy(q)).numpy())


def _log_model(model: GaussianMixture, q: np.ndarray) -> np.ndarray:
    """Return log q (N,) of configurations (N, 3)."""
    return model.log_prob(q[None], np.empty((1, 0)))[0]
