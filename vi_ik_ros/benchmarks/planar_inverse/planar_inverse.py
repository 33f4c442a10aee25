# SPDX-License-Identifier: Apache-2.0
"""All configurations of planar arms that reach a point, by families that have a context.

The experiment of Schwaiger and Brunner (2021): joints normal about zero, the context is the tip.
Their estimate of the distance to the true posterior is above zero for the truth itself; that floor
stands beside it, and an unbiased estimate of more draws. The truth is exact, see `planar_arm`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vi_ik_ros.benchmarks.fit_cache import DEFAULT_BUDGET
from vi_ik_ros.benchmarks.planar_inverse import measures, references
from vi_ik_ros.benchmarks.planar_inverse.fits import KeptFit, kept_fit, planar_objectives
from vi_ik_ros.benchmarks.planar_inverse.measures import Truth, find_truth, measure
from vi_ik_ros.benchmarks.planar_inverse.planar_arm import STD, PlanarArm, PosteriorDraws
from vi_ik_ros.benchmarks.report import Report, Row, mean_row
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.training.fit import FAMILIES
from vi_ik_ros.sampling.training.settings import FitSettings

NAME = "planar-inverse"
JOINTS, QUICK_JOINTS = (4, 6, 8, 10), (4,)
CASES = ("amortized", "inn", "cvae", "em", "inn (source)")  # those that there are
QUICK_BUDGET = 10.0  # [s]
METRICS = {  # fields of `Measured`
    "biased": "e_posterior of the source [-]",
    "unbiased": "unbiased MMD^2 [-]",
    "unbiased_multiquadrics": "unbiased MMD^2, multiquadrics [-]",
    "unbiased_median": "unbiased MMD^2, Gaussian of median width [-]",
    "resimulation": "e_resim [m^2]",
    "resimulation_refined": "e_resim after one Newton step [m^2]",
}


@dataclass(frozen=True)
class Scale:
    """How much is drawn.

    Attributes:
        num_targets: points, drawn from what the prior reaches.
        num_draws: M, of a model for each of them.
        pool: draws of the prior that the truth is taken from.
    """

    num_targets: int = 50
    num_draws: int = 1000
    pool: int = 4_000_000


QUICK = Scale(num_targets=6, num_draws=200, pool=200_000)


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
        budget: time of one fit [s]; None: 180 s, or 10 s if quick.
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
        for case in cases():
            rows += bench.rows(
                case, [_fitted(bench, case, s, limit, on_progress) for s in range(seeds)]
            )
    return Report(NAME, rows, list(range(seeds)), time.monotonic() - started)


def cases() -> list[str]:
    """Return the cases whose families can be trained."""
    return [case for case in CASES if case.split()[0] in FAMILIES]


@dataclass(frozen=True)
class Bench:
    """One arm, the truth for its points, and how much a model is asked.

    Attributes:
        arm: the arm.
        scale: how much is drawn.
        truths: of the points.
        shown: of the point of the source's slides, if there is one.
    """

    arm: PlanarArm
    scale: Scale
    truths: Sequence[Truth]
    shown: Truth | None

    @classmethod
    def of(cls, num_joints: int, scale: Scale) -> "Bench":
        """Draw points and the truth for them, the same for every family and seed."""
        arm, rng = PlanarArm(num_joints), np.random.default_rng([num_joints, 0])
        posterior = PosteriorDraws.of(arm, scale.pool, rng)
        points = arm.tips(arm.prior(scale.num_targets, rng))
        found = [find_truth(posterior, point, scale.num_draws, rng) for point in points]
        point = references.POINTS.get(num_joints)
        shown = find_truth(posterior, np.array(point), scale.num_draws, rng) if point else None
        return cls(arm, scale, [truth for truth in found if truth is not None], shown)

    def floor_rows(self) -> list[Row]:
        """Return what the truth itself scores."""
        case, truths = self.case("exact draws"), self.truths
        own = [measure(self.arm, truth, truth.again) for truth in truths]
        near = np.array(
            [0.5 * ((self.arm.tips(t.near) - t.target) ** 2).sum(1).mean() for t in truths]
        )
        return [
            Row(case, "points", len(truths), None, self.scale.num_targets, "asked for"),
            mean_row(
                case, "e_posterior of the source [-]", np.array([measures.floor(t) for t in truths])
            ),
            # Draws at the point against those near it: what the source's radius alone costs.
            mean_row(case, "e_posterior of exact draws [-]", np.array([one.biased for one in own])),
            mean_row(case, "unbiased MMD^2 [-]", np.array([one.unbiased for one in own])),
            mean_row(case, "e_resim of draws within 0.05 m [m^2]", near),
            *self._hull_rows(case, "exact", self.shown.near if self.shown else None),
        ]

    def rows(self, case: str, fits: Sequence[KeptFit]) -> list[Row]:
        """Return the figures of one family, means over points and seeds."""
        family, name = case.split()[0], self.case(case)
        measured = [
            measure(self.arm, truth, self._draws(one.model, truth.target, i))
            for one in fits
            for i, truth in enumerate(self.truths)
        ]
        rows = []
        for field, metric in METRICS.items():
            values = np.array([getattr(one, field) for one in measured])
            reference, source = references.compared(field, family, self.arm.num_joints)
            row = mean_row(name, metric, values)
            rows.append(replace(row, reference=reference, reference_source=source))
        shown = self._draws(fits[0].model, self.shown.target, -1) if self.shown else None
        return [
            *rows,
            *self._hull_rows(name, family, shown),
            Row(name, "fit [s]", float(np.mean([one.seconds for one in fits]))),
            Row(name, "numbers stored [-]", fits[0].num_weights),
        ]

    def case(self, name: str) -> str:
        """Name a case of this arm."""
        return f"{self.arm.num_joints} joints, {name}"

    def _draws(self, model: ConditionalModel, target: np.ndarray, index: int) -> np.ndarray:
        """Return configurations (M, D) of a model for a point."""
        rng = np.random.default_rng([self.arm.num_joints, index + 1, 1])
        return model.sample(target[None], self.scale.num_draws, [rng]).q[0]

    def _hull_rows(self, case: str, family: str, q: np.ndarray | None) -> list[Row]:
        """Return the hull of configurations q (n, D) for the point of the slides."""
        if q is None or self.shown is None:
            return []
        area, perimeter = measures.hull(self.arm, q, self.shown.target)
        stored = references.HULLS.get(family, {}).get(self.arm.num_joints)
        point = "({:.2f}, {:.2f})".format(*self.shown.target)
        told = f"{references.SOURCE.format(family=family)}, slide" if stored else None
        return [
            Row(case, f"hull of the nearest 97 % at {point}, area [m^2]", area),
            Row(
                case,
                f"hull of the nearest 97 % at {point}, perimeter [m]",
                perimeter,
                None,
                stored,
                told,
            ),
        ]


def _fitted(
    bench: Bench, case: str, seed: int, limit: float, on_progress: Callable[[str], None]
) -> KeptFit:
    family, _, variant = case.partition(" ")
    loss = "source" if variant else "likelihood"
    settings = FitSettings(seed=seed, time_limit=limit, loss=loss, steps=10**9)
    return kept_fit(planar_objectives(bench.arm.num_joints, STD), family, settings, on_progress)
