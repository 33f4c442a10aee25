# SPDX-License-Identifier: Apache-2.0
"""All configurations of planar arms that reach a point, by families that have a context.

The experiment of Schwaiger and Brunner (2021): joints normal about zero, the context is the tip.
Their estimate of the distance to the true posterior is above zero for the truth itself, and their
truth are draws within 0.05 m of a point. Exact draws miss that truth: they score 0.0153, 0.0084,
0.0072 and 0.0074 at 4, 6, 8 and 10 joints, and blurred ones score better. So both floors stand
beside every family, and what exact draws judge (see `planar_arm`): unbiased estimates, a classifier
that is to tell two sets apart, the transport along each joint.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from vi_ik_ros.benchmarks.fit_cache import DEFAULT_BUDGET
from vi_ik_ros.benchmarks.planar_inverse.bench import Bench, Scale
from vi_ik_ros.benchmarks.planar_inverse.fits import TIP_STD, KeptFit, kept_fit, planar_objectives
from vi_ik_ros.benchmarks.planar_inverse.planar_arm import STD
from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.sampling.training.settings import FitSettings

NAME = "planar-inverse"
JOINTS, QUICK_JOINTS = (4, 6, 8, 10), (4,)
CASES = ("inn", "cvae", "amortized", "em", "moe", "kd_tree", "inn (source)")
# By how much the pairs of a decoder miss their points: less than it errs by anyway. Its draws then
# spread about a point, as the truth that the source compares them with does.
BLUR = 0.001  # [m] for each joint
ROWS = 1_000_000  # of a KD-tree: as many as the source trained its networks with
QUICK_BUDGET = 10.0  # [s]
QUICK = Scale(6, 200, 200_000, 50, 50_000)


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Fit and measure families that have a context on every arm.

    Args:
        seeds: fits of every family.
        quick: one arm, short fits, few points.
        budget: processor time of one fit [s]; None: 180, or 10 if quick.
        on_progress: called with a line about what comes next.
    """
    started = time.monotonic()
    scale = QUICK if quick else Scale()
    limit = budget or (QUICK_BUDGET if quick else DEFAULT_BUDGET)
    rows: list[Row] = []
    for num_joints in QUICK_JOINTS if quick else JOINTS:
        on_progress(f"{num_joints} joints: the truth ...")
        bench = Bench.of(num_joints, scale)
        rows += bench.floor_rows()
        for case in CASES:
            rows += bench.rows(
                case, [fitted_case(num_joints, case, s, limit, on_progress) for s in range(seeds)]
            )
    return Report(NAME, rows, list(range(seeds)), time.monotonic() - started)


def fitted_case(
    num_joints: int,
    case: str,
    seed: int,
    limit: float,
    on_progress: Callable[[str], None] = lambda line: None,
) -> KeptFit:
    """Fit a case, or read its fit.

    Args:
        num_joints: of the arm.
        case: one of `CASES`.
        seed: of the fit.
        limit: of its time [s].
        on_progress: called with a line before a fit begins.
    """
    family, _, variant = case.partition(" ")
    settings = FitSettings(seed=seed, time_limit=limit, steps=10**9)
    tip_std = TIP_STD
    if family == "kd_tree":
        settings = replace(settings, num_components=ROWS)
    elif family == "cvae":
        # Smaller than what the defaults suit.
        settings = replace(settings, width=256, learning_rate=4e-3)
        tip_std = BLUR * num_joints
    elif variant:
        settings = replace(settings, loss="source")
    objectives = planar_objectives(num_joints, STD, tip_std=tip_std)
    return kept_fit(objectives, family, settings, on_progress)
