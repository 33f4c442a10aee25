# SPDX-License-Identifier: Apache-2.0
"""A mixture of whole-body configurations of a humanoid, fitted in the time that HMC is given too.

Talos (28 joints and a floating base) stands on both feet, balances, and holds its left gripper at a
point. Our re-specification of the humanoid experiment of Pignat, Lembono and Calinon 2020, which
prints no figures.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from vi_ik_ros.benchmarks.report import Report, Row, bootstrap_row
from vi_ik_ros.benchmarks.talos_stance.costs import LARGE, SIZES, cost_rows, memory_row
from vi_ik_ros.benchmarks.talos_stance.stance import Stance
from vi_ik_ros.sampling.inference import hamiltonian_monte_carlo
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.estimates.importance_weights import mean
from vi_ik_ros.sampling.inference.hamiltonian_monte_carlo import HamiltonianSettings
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.training.runs.natural_gradient_run import (
    NaturalGradientFit,
    NaturalGradientRun,
)
from vi_ik_ros.sampling.training.runs.starting_components import starting_components

NAME = "talos-stance"
NUM_THREADS = 1  # more wait for each other as soon as anything else runs
BUDGET, QUICK_BUDGET = 40.0, 5.0  # [s], of a fit and of HMC
NUM_COMPONENTS, QUICK_COMPONENTS = 50, 4
STEPS = 300  # of a fit, if the time allows
ORDER = 0.9  # of the Renyi divergence; at 1 the free arm keeps only 0.65 of its spread
NUM_DRAWS, QUICK_DRAWS = 50_000, 2000
NUM_GROUPS = 100  # of the draws, for standard errors
QUICK_SIZES = (10, 20)
NUM_CHAINS, NUM_LEAPFROG = 100, 20
WARM_UP = 0.3  # part of the time of HMC
LONGER = 3  # how much longer the chains run that stand for the target
FOOT, HAND = 0.04, 0.05  # [m]
PROJECTED = 0.001  # [m], what Newton steps bring the feet to
NEWTON_STEPS = 3
STANDS = "feet under 4 cm, gripper under 5 cm [%]"
BALANCED = "centre of mass inside [%]"
SPREAD = "least std of a free arm's joint, over that of a uniform"
REQUIRED = {
    STANDS: 90.0,
    BALANCED: 95.0,
    SPREAD: 0.7,
    f"feet under 1 mm after {NEWTON_STEPS} Newton steps [%]": 100.0,
    f"largest distance of a foot after {NEWTON_STEPS} Newton steps [mm]": 1.0,
    "fit [s]": BUDGET,
}


@dataclass(frozen=True)
class Fit:
    """What came of a fit.

    Attributes:
        model: the mixture.
        start: the components that it began with.
        num_evaluations: of the target.
        num_steps: updates.
        seconds: on the wall [s], the start included.
        processor_seconds: of all cores together [s].
    """

    model: GaussianMixture
    start: GaussianComponents
    num_evaluations: int
    num_steps: int
    seconds: float
    processor_seconds: float


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Fit, sample, judge.

    Args:
        seeds: fits.
        quick: few components, draws and seconds.
        budget: time of a fit, and of HMC [s].
        on_progress: called with a line about what comes next.
    """
    began = time.monotonic()
    threads = torch.get_num_threads()
    torch.set_num_threads(NUM_THREADS)
    stance = Stance()
    seconds = budget or (QUICK_BUDGET if quick else BUDGET)
    num_components = QUICK_COMPONENTS if quick else NUM_COMPONENTS
    rows: list[Row] = []
    for seed in range(seeds):
        on_progress(f"mixture, seed {seed} ...")
        found = fit(stance, num_components, seconds, seed)
        rows += mixture_rows(stance, found, seed, QUICK_DRAWS if quick else NUM_DRAWS)
    on_progress("HMC ...")
    rows += chain_rows(stance, found.start, seconds)
    on_progress("cost of an update ...")
    rows += cost_rows(stance, found.start, QUICK_SIZES if quick else SIZES)
    rows.append(memory_row(QUICK_COMPONENTS if quick else LARGE))
    torch.set_num_threads(threads)
    return Report(NAME, rows, list(range(seeds)), time.monotonic() - began)


def fit(stance: Stance, num_components: int, seconds: float, seed: int) -> Fit:
    """Fit a mixture in so many seconds."""
    began, worked = time.monotonic(), time.process_time()
    generator = torch.Generator().manual_seed(seed)
    start = starting_components(stance.product, num_components, generator)
    settings = NaturalGradientFit(
        num_components, seed, steps=STEPS, time_limit=0.99 * seconds, order=ORDER
    )
    run = NaturalGradientRun(stance.product, settings, start)
    while run.fraction(time.monotonic() - began) < 1:
        run.update(time.monotonic() - began)
    return Fit(
        model=run.model(),
        start=start,
        num_evaluations=run.state.num_evaluations,
        num_steps=run.step,
        seconds=time.monotonic() - began,
        processor_seconds=time.process_time() - worked,
    )


def mixture_rows(stance: Stance, found: Fit, seed: int, num_draws: int) -> list[Row]:
    """Judge raw draws of a fit: none is redrawn, clipped or chosen."""
    case = f"mixture K={found.model.num_components}, seed {seed}"
    rng = np.random.default_rng([seed, 1])
    q, _ = found.model.draw(num_draws, rng)
    rows = stance_rows(case, stance, np.array_split(q, NUM_GROUPS), rng)
    feet = stance.errors(stance.projected(q, NEWTON_STEPS)).feet.max(1)
    percent = 100.0 * float((feet < PROJECTED).mean())
    log_model = found.model.log_prob(q[None], np.empty((1, 0)))[0]
    elbo, entropy = mean(stance.log_target(q) - log_model), mean(-log_model)
    steps = f"after {NEWTON_STEPS} Newton steps"
    rows += [
        Row(case, f"feet under 1 mm {steps} [%]", percent),
        Row(case, f"largest distance of a foot {steps} [mm]", 1e3 * float(feet.max())),
        Row(case, "ELBO", elbo.value, elbo.stderr),
        Row(case, "entropy", entropy.value, entropy.stderr),
        Row(case, "fit [s]", found.seconds),
        Row(case, "fit, processor time [s]", found.processor_seconds),
        Row(case, "updates", found.num_steps),
        Row(case, "target evaluations", found.num_evaluations),
    ]
    return [_required(row) for row in rows]


def chain_rows(stance: Stance, start: GaussianComponents, seconds: float) -> list[Row]:
    """Judge chains of HMC that begin with draws of the mixture's start, after the same time.

    The same chains, run on for longer, stand for the target itself.
    """
    generator, rng = torch.Generator().manual_seed(0), np.random.default_rng(2)
    owners = torch.arange(NUM_CHAINS) % len(start.loc)
    noise = torch.randn(NUM_CHAINS, start.loc.shape[1], generator=generator, dtype=torch.float64)
    covariance = start.scale_tril @ start.scale_tril.mT
    scale = covariance.diagonal(dim1=1, dim2=2).mean(0).sqrt()
    state = hamiltonian_monte_carlo.init(stance.product, start.sample(noise, owners))
    cases = {f"HMC, {seconds:g} s": 1.0, "target, by longer HMC": 1.0 + LONGER}
    rows: list[Row] = []
    began = time.monotonic()
    for case, last in cases.items():
        kept: list[np.ndarray] = []
        while (spent := (time.monotonic() - began) / seconds) < last or not kept:
            adapt = spent < WARM_UP
            settings = HamiltonianSettings(NUM_LEAPFROG, scale, adapt)
            state, _ = hamiltonian_monte_carlo.step(
                state, target=stance.product, settings=settings, generator=generator
            )
            if not adapt:
                kept.append(state.q.numpy())
        chains = list(np.stack(kept, 1))
        rows += stance_rows(case, stance, chains, rng)
        rows.append(Row(case, "draws of each chain", len(kept)))
    return rows


def stance_rows(
    case: str, stance: Stance, groups: Sequence[np.ndarray], rng: np.random.Generator
) -> list[Row]:
    """Return the figures of draws; errors come from resampling groups (chains) of them."""
    robot = stance.objectives.robot
    errors = [stance.errors(q) for q in groups]
    feet = [np.all(e.feet < FOOT, axis=1) for e in errors]
    hand = [e.gripper < HAND for e in errors]
    stands = [both & near for both, near in zip(feet, hand, strict=True)]
    inside = [np.all((q >= robot.lower) & (q <= robot.upper), axis=1) for q in groups]
    shares: dict[str, list[np.ndarray]] = {
        STANDS: stands,
        "feet under 4 cm [%]": feet,
        "gripper under 5 cm [%]": hand,
        BALANCED: [e.balanced for e in errors],
        "inside the joint limits [%]": inside,
    }
    rows = [
        bootstrap_row(case, name, values, lambda x: 100.0 * float(x.mean()), rng=rng)
        for name, values in shares.items()
    ]
    rows.append(bootstrap_row(case, SPREAD, groups, stance.least_spread, rng=rng, repeats=30))
    return rows


def _required(row: Row) -> Row:
    """Put what is asked of the mixture beside a figure."""
    reference = REQUIRED.get(row.metric)
    if reference is None:
        return row
    most = row.metric.startswith(("largest", "fit"))
    source = "required at most" if most else "required at least"
    return replace(row, reference=reference, reference_source=source)
