# SPDX-License-Identifier: Apache-2.0
"""Mixtures fitted to all configurations of the Panda that hold its fingertip at one point.

Our re-specification of the second experiment of Pignat, Lembono and Calinon 2020, which does not
state its point or deviation. The Bhattacharyya coefficient is E_q[sqrt(p / q)] over draws of q.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.fit_cache import DEFAULT_BUDGET, cached_fit
from vi_ik_ros.benchmarks.point_target import PointTarget
from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.inference.divergences import SampledDivergences, one_sided_divergences
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate, ImportanceWeights
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.training.runs.mixture_run import MixtureSettings

NAME = "panda-position"
POINT, STD = (0.5, 0.0, 0.5), 0.02  # [m] in panda_link0
FINGERTIP = 0.0984  # [m] along z of the flange
LIMIT_STD = 0.05  # [rad]
NUM_COMPONENTS, QUICK_COMPONENTS = (1, 10, 100), (1, 3)
NUM_DRAWS, NUM_WEIGHTS = 200_000, 12_000_000  # of q; of the proposal for the normaliser
FEWEST = 50  # draws of a component whose spread is measured
PAPER = "Pignat et al. 2020, Table II; ours is our re-specification"
TABLE = {  # BC, squared Hellinger (their D)
    ("gaussian", 1): (0.085, 1.89),
    ("gaussian", 10): (0.225, 1.55),
    ("gaussian", 100): (0.505, 0.98),
    ("banana", 1): (0.091, 1.81),
    ("banana", 10): (0.362, 1.27),
    ("banana", 100): (0.587, 0.82),
}


@dataclass(frozen=True)
class Judged:
    """What one fit scored.

    Attributes:
        divergences: from draws of q.
        pareto_shape: of the weights p~ / q of these draws.
        mean_error: distance of the fingertip from the point, mean over draws of q [m].
        least_spread: of the last joint, over components [rad]; the joint does not matter.
        seconds: time of the fit [s].
    """

    divergences: SampledDivergences
    pareto_shape: float
    mean_error: float
    least_spread: float
    seconds: float


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Fit and judge every case.

    Args:
        seeds: fits of every case.
        quick: few components and a thirtieth of the draws.
        budget: time of one fit [s]; None: 180 s.
        on_progress: called with a line about what comes next.
    """
    started = time.monotonic()
    share = 30 if quick else 1
    target = fingertip_target()
    on_progress("normaliser ...")
    weights = target.weights(NUM_WEIGHTS // share, np.random.default_rng(0))
    rows = normalizer_rows(weights)
    for family in ("gaussian", "banana"):
        for num_components in QUICK_COMPONENTS if quick else NUM_COMPONENTS:
            on_progress(f"{family} K={num_components} ...")
            judged = []
            for seed in range(seeds):
                limit = budget or DEFAULT_BUDGET
                settings = MixtureSettings(num_components, seed, time_limit=limit)
                fitted = cached_fit(target.objectives, family, settings)
                rng = np.random.default_rng([seed, 1])
                log_z, size = weights.log_normalizer, NUM_DRAWS // share
                judged.append(judge(target, fitted.model, log_z, size, rng, fitted.seconds))
            rows += figures(family, num_components, judged)
    seconds = time.monotonic() - started
    return Report(bench=NAME, rows=rows, seeds=list(range(seeds)), seconds=seconds)


def fingertip_target(std: float = STD) -> PointTarget:
    """Return the target: fingertip near the point, soft joint limits."""
    tip = {"type": "position", "frame": "panda_link8", "offset": [0.0, 0.0, FINGERTIP]}
    limits = {"lower": "joint_limits", "upper": "joint_limits", "std": LIMIT_STD}
    objectives = [
        {
            "name": "fingertip",
            "transform": tip,
            "density": {"type": "normal", "mean": list(POINT), "std": [std] * 3},
        },
        {
            "name": "joint_limits",
            "transform": {"type": "configuration"},
            "density": {"type": "normal_cdf", **limits},
        },
    ]
    loaded = load_objectives({"robot": "panda", "objectives": objectives, "context": []})
    return PointTarget(loaded, "fingertip", POINT, std)


def judge(
    target: PointTarget,
    model: ConditionalModel,
    log_normalizer: Estimate,
    num_draws: int,
    rng: np.random.Generator,
    seconds: float,
) -> Judged:
    """Judge a mixture by draws of it, none redrawn at the limits: p passes them softly too."""
    robot = target.objectives.robot
    options = {"lower": (robot.lower - 1e6).tolist(), "upper": (robot.upper + 1e6).tolist()}
    draws = (
        type(model)
        .from_tensors(options, model.tensors())
        .sample(np.zeros((1, 0)), num_draws, [rng])
    )
    q, log_model, component = draws.q[0], draws.log_prob[0], draws.component[0]
    log_p = target.log_density(q)
    error = np.linalg.norm(target.positions(q) - target.point, axis=1)
    groups = (q[component == k, -1] for k in range(model.num_components))
    spreads = [group.std() for group in groups if len(group) >= FEWEST]
    return Judged(
        divergences=one_sided_divergences(log_p, log_model, log_normalizer),
        pareto_shape=ImportanceWeights(log_p - log_model).pareto_shape,
        mean_error=float(error.mean()),
        least_spread=float(min(spreads)),
        seconds=seconds,
    )


def normalizer_rows(weights: ImportanceWeights) -> list[Row]:
    """Return how well the normaliser is known."""
    log_z, case = weights.log_normalizer, "normaliser"
    required = "required at most"
    return [
        Row(case, "log Z", log_z.value, log_z.stderr),
        Row(case, "relative standard error [%]", 100 * log_z.stderr, None, 0.5, required),
        Row(case, "effective sample size", weights.effective_sample_size),
        Row(case, "largest share of a weight [%]", 100 * weights.largest_share),
    ]


def figures(family: str, num_components: int, judged: Sequence[Judged]) -> list[Row]:
    """Return the means over the fits of one case."""
    case = f"{family} K={num_components}"
    of_paper = TABLE.get((family, num_components))
    bc, hellinger = of_paper if of_paper else (None, None)
    source = PAPER if of_paper else None
    found = [one.divergences for one in judged]
    own_error = STD * math.sqrt(8 / math.pi)
    return [
        _row(case, "BC", [one.bhattacharyya for one in found], bc, source),
        _row(
            case, "squared Hellinger", [one.squared_hellinger for one in found], hellinger, source
        ),
        _row(case, "Renyi 1/2", [one.renyi_half for one in found]),
        _row(case, "overlap", [one.overlap for one in found]),
        _row(case, "Pareto k-hat of p/q", [Estimate(one.pareto_shape) for one in judged]),
        _row(
            case,
            "mean position error [m]",
            [Estimate(one.mean_error) for one in judged],
            own_error,
            "of the target itself",
        ),
        _row(
            case,
            "least std of joint 7 in a component [rad]",
            [Estimate(one.least_spread) for one in judged],
            1.0,
            "required at least",
        ),
        _row(case, "fit [s]", [Estimate(one.seconds) for one in judged]),
    ]


def _row(
    case: str,
    metric: str,
    estimates: Sequence[Estimate],
    reference: float | None = None,
    source: str | None = None,
) -> Row:
    """Return the mean; its error holds that of the estimates, which share Z, and the spread."""
    values = np.array([estimate.value for estimate in estimates])
    own = float(np.mean([estimate.stderr for estimate in estimates]))
    spread = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    stderr = math.hypot(own, spread)
    return Row(case, metric, float(values.mean()), stderr or None, reference, source)
