# SPDX-License-Identifier: Apache-2.0
"""Two hands of a planar robot that cannot reach both targets, with and without priorities.

Our re-specification of the bimanual example of Pignat, Lembono and Calinon 2020 (Fig. 2 and 7),
which prints no figures: a trunk and two arms of two links each, all 0.25 m. With priorities the
gradient of the second hand acts in the null space of the first; components follow that gradient,
which is in general that of no density.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.stats import kstest

from vi_ik_ros.benchmarks.report import Report, Row, bootstrap_row
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.inference import alpha_divergence, component_elbo
from vi_ik_ros.sampling.inference.component_elbo import ElboSettings
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture

NAME = "prioritized-bimanual"
ROBOT, HANDS = "planar_bimanual", ("left_hand", "right_hand")  # the first one has priority
STD = 0.02  # [m], of each coordinate of a hand
POSTURE_STD = 0.3  # [rad], of the third level
APART = ((-0.55, 0.30), (0.60, 0.20))  # [m]; 1.15 m from each other, hands reach 1 m
TOGETHER = ((-0.35, 0.35), (0.40, 0.30))  # [m]
NUM_FITS, QUICK_FITS = 3, 2
NUM_STEPS, QUICK_STEPS = 700, 60
LEARNING_RATE = (0.04, 0.0004)  # with less, the second hand is still on its way
NUM_COMPONENTS, NUM_PROPOSALS = 10, 100_000
NUM_DRAWS = 10_000  # of each fit
OWN_ERRORS = {  # of a point about its target, in units of STD
    "median": math.sqrt(2.0 * math.log(2.0)),
    "mean": math.sqrt(0.5 * math.pi),
}


@dataclass(frozen=True)
class Case:
    """What the hands are asked for.

    Attributes:
        name: words of the report.
        targets: of both hands [m].
        priorities: of both hands; None: the hand is free.
        posture: priority of the usual posture; None: there is none.
    """

    name: str
    targets: tuple[tuple[float, float], tuple[float, float]]
    priorities: tuple[int, int | None]
    posture: int | None = None

    def product(self) -> ProductOfExperts:
        """Return the target."""
        limits = {"type": "normal_cdf", "lower": "joint_limits", "upper": "joint_limits"}
        objectives: list[Mapping[str, object]] = [
            _expert("joint_limits", {"type": "configuration"}, limits | {"std": 0.05}, 0)
        ]
        for frame, target, priority in zip(HANDS, self.targets, self.priorities, strict=True):
            if priority is not None:
                place = {"type": "position", "frame": frame, "axes": ["x", "y"]}
                density = {"type": "normal", "mean": list(target), "std": STD}
                objectives.append(_expert(frame, place, density, priority))
        if self.posture is not None:
            ready = RobotModel.load(ROBOT).ready.tolist()
            density = {"type": "normal", "mean": ready, "std": POSTURE_STD}
            objectives.append(_expert("posture", {"type": "configuration"}, density, self.posture))
        return load_objectives({"robot": ROBOT, "objectives": objectives}).product


CASES = (
    Case("too far apart, priorities", APART, (0, 1)),
    Case("too far apart, plain product", APART, (0, 0)),
    Case("too far apart, first hand alone", APART, (0, None)),
    Case("too far apart, three levels", APART, (0, 1), posture=2),
    Case("both in reach, priorities", TOGETHER, (0, 1)),
    Case("both in reach, plain product", TOGETHER, (0, 0)),
)


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Fit and judge every case.

    Args:
        seeds: rounds of three fits of every case.
        quick: two short fits of every case.
        budget: time of one fit [s], a part of which its updates share; None: as long as they take.
        on_progress: called with a line about what comes next.
    """
    started = time.monotonic()
    torch.set_num_threads(1)
    used = range(seeds * (QUICK_FITS if quick else NUM_FITS))
    rows: list[Row] = []
    for case in CASES:
        on_progress(f"{case.name} ...")
        num_steps = QUICK_STEPS if quick else NUM_STEPS
        fits = [fit(case.product(), seed, num_steps, budget or math.inf) for seed in used]
        rows += figures(case, fits)
    return Report(NAME, rows, list(used), time.monotonic() - started)


@dataclass(frozen=True)
class Fit:
    """One fit.

    Attributes:
        model: the mixture.
        elbo: of the experts of priority 0, mean of the last updates.
    """

    model: GaussianMixture
    elbo: float


def fit(product: ProductOfExperts, seed: int, num_steps: int, time_limit: float = math.inf) -> Fit:
    """Fit a mixture by gradients, which priorities filter."""
    started = time.monotonic()
    lower, upper = product.chain.lower, product.chain.upper
    generator = torch.Generator().manual_seed(seed)
    start, _ = alpha_divergence.init(
        product,
        lower,
        upper,
        family="gaussian",
        num_components=NUM_COMPONENTS,
        num_proposals=NUM_PROPOSALS,
        generator=generator,
    )
    state, elbos = component_elbo.init(start.components), []
    settings = ElboSettings(num_steps=num_steps, learning_rate=LEARNING_RATE)
    while state.step < num_steps:
        state, info = component_elbo.step(state, product, settings=settings, generator=generator)
        elbos.append(info.elbo)
        spent = (time.monotonic() - started) / time_limit
        state = replace(state, step=max(state.step, math.floor(spent * num_steps)))
    q = state.components
    parts = (part.numpy() for part in (q.log_weights, q.loc, q.scale_tril))
    model = GaussianMixture(*parts, lower=lower.numpy(), upper=upper.numpy())
    return Fit(model, float(np.mean(elbos[-max(1, num_steps // 20) :])))


def figures(case: Case, fits: Sequence[Fit]) -> list[Row]:
    """Return the errors of both hands over raw draws; errors of figures come from whole fits."""
    rng = np.random.default_rng(0)
    draws = [one.model.draw(NUM_DRAWS, rng)[0] for one in fits]
    rows = []
    for rank, hand, priority in zip(("first", "second"), HANDS, case.priorities, strict=True):
        target = case.targets[HANDS.index(hand)]
        errors = [distances(q, hand, target) for q in draws]
        for word, statistic in (("median", np.median), ("mean", np.mean)):
            metric = f"{rank} hand, {word} error [m]"
            row = bootstrap_row(case.name, metric, errors, statistic, rng=rng)
            reference, source = _reference(case, rank, word, priority)
            rows.append(replace(row, reference=reference, reference_source=source))
        if rank == "first":
            metric = "first hand, Kolmogorov distance from N(target, std)"
            rows.append(bootstrap_row(case.name, metric, errors, kolmogorov, rng=rng, repeats=20))
    elbos = np.array([[one.elbo] for one in fits])
    level = "of level 0, no bound" if case.priorities[1] or case.posture else "of all objectives"
    rows.append(bootstrap_row(case.name, f"ELBO {level}", elbos, np.mean, rng=rng))
    return rows


def distances(q: np.ndarray, hand: str, target: tuple[float, float]) -> np.ndarray:
    """Return how far a hand is from a target (N,) [m] at configurations (N, 5), by pinocchio."""
    places = RobotModel.load(ROBOT, tip=hand).forward(q)[:, :2, 3]
    return np.linalg.norm(places - target, axis=1)


def kolmogorov(errors: np.ndarray) -> float:
    """Return the largest difference of the distribution of distances from that of a normal point.

    The length of a point N(0, STD^2 I) in the plane is distributed as Rayleigh.
    """
    return float(kstest(errors, "rayleigh", args=(0.0, STD)).statistic)


def nearest(targets: tuple[tuple[float, float], tuple[float, float]], link: float = 0.25) -> float:
    """Return how near the second hand can be with the first on its target, by geometry [m]."""
    angle = np.linspace(0.0, np.pi, 100_001)
    shoulder = link * np.stack([np.cos(angle), np.sin(angle)], -1)
    first, second = (np.linalg.norm(shoulder - target, axis=1) for target in targets)
    return float((second - 2.0 * link)[first <= 2.0 * link].min().clip(0.0))


def _reference(
    case: Case, rank: str, word: str, priority: int | None
) -> tuple[float | None, str | None]:
    """Return what an error is to be compared with, and where that comes from."""
    reached = case.targets is TOGETHER
    if rank == "first" or reached:
        return OWN_ERRORS[word] * STD, "of N(target, std)"
    if priority != 1:
        return None, None
    return nearest(case.targets), "least, with the first hand on its target"


def _expert(
    name: str, transform: Mapping[str, object], density: Mapping[str, object], priority: int
) -> Mapping[str, object]:
    """Return an entry of an objectives file."""
    return {"name": name, "transform": transform, "density": density, "priority": priority}
