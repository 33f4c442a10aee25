# SPDX-License-Identifier: Apache-2.0
"""One arm: its points, the truth for them, and the rows of every family."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from vi_ik_ros.benchmarks.planar_inverse import references
from vi_ik_ros.benchmarks.planar_inverse.fits import KeptFit
from vi_ik_ros.benchmarks.planar_inverse.measures import source
from vi_ik_ros.benchmarks.planar_inverse.measures.exact import Measured, Truth, find_truth, measure
from vi_ik_ros.benchmarks.planar_inverse.measures.source import (
    SourceFigures,
    SourcePoint,
    find_point,
    measure_as_source,
)
from vi_ik_ros.benchmarks.planar_inverse.planar_arm import PlanarArm, PosteriorDraws
from vi_ik_ros.benchmarks.report import Row, mean_row
from vi_ik_ros.sampling.models.model import ConditionalModel

METRICS = {  # fields of `SourceFigures` and `Measured`
    "biased": "e_posterior of the source [-]",
    "resimulation": "e_resim [m^2]",
    "resimulation_refined": "e_resim after one Newton step [m^2]",
    "unbiased": "unbiased MMD^2 [-]",
    "unbiased_refined": "unbiased MMD^2 after one Newton step [-]",
    "unbiased_multiquadrics": "unbiased MMD^2, multiquadrics [-]",
    "unbiased_median": "unbiased MMD^2, Gaussian of median width [-]",
    "told_apart": "told from exact draws by a classifier [%]",
    "wasserstein": "Wasserstein distance, mean over joints [rad]",
}


@dataclass(frozen=True)
class Scale:
    """How much is drawn.

    Attributes:
        num_targets: points with many exact draws, of those that the prior reaches.
        num_draws: M, of a model for each of them.
        pool: draws of the prior that exact ones are taken from.
        num_source_points: points for the measures of the source.
        source_pool: draws of the prior that its truth is taken from.
    """

    num_targets: int = 50
    num_draws: int = 1000
    pool: int = 4_000_000
    num_source_points: int = 1000
    source_pool: int = 200_000


@dataclass(frozen=True)
class Bench:
    """One arm, the truth for its points, and how much a model is asked.

    Attributes:
        arm: the arm.
        scale: how much is drawn.
        truths: of the points with many exact draws.
        points: those for the measures of the source.
        shown: that of the source's slides, if there is one.
    """

    arm: PlanarArm
    scale: Scale
    truths: Sequence[Truth]
    points: Sequence[SourcePoint]
    shown: SourcePoint | None

    @classmethod
    def of(cls, num_joints: int, scale: Scale) -> "Bench":
        """Draw points and the truth for them, the same for every family and seed."""
        arm, rng = PlanarArm(num_joints), np.random.default_rng([num_joints, 0])
        posterior = PosteriorDraws.of(arm, scale.pool, rng)
        targets = arm.tips(arm.prior(scale.num_targets, rng))
        found = [find_truth(posterior, target, scale.num_draws, rng) for target in targets]
        thin, number = PosteriorDraws.of(arm, scale.source_pool, rng), source.NUM_DRAWS
        targets = arm.tips(arm.prior(scale.num_source_points, rng))
        points = [find_point(thin, posterior, target, number, rng) for target in targets]
        slide, shown = references.POINTS.get(num_joints), None
        if slide:
            shown = find_point(posterior, posterior, np.array(slide), scale.num_draws, rng)
        return cls(arm, scale, [truth for truth in found if truth is not None], points, shown)

    def floor_rows(self) -> list[Row]:
        """Return what the truth itself scores."""
        case, truths = self.case("exact draws"), self.truths
        known = [point for point in self.points if point.known]
        rows = [
            Row(case, "points", len(truths), None, self.scale.num_targets, "asked for"),
            Row(case, "points of the source", len(known), None, len(self.points), "asked for"),
            mean_row(
                case,
                "e_posterior of the source's own truth [-]",
                np.array([source.biased(one.near, one.again) for one in known]),
            ),
            # Draws at the point against those near it: what the source's radius alone costs.
            mean_row(
                case,
                METRICS["biased"],
                np.array([source.biased(one.exact, one.near) for one in known]),
            ),
        ]
        own = [measure(self.arm, truth, truth.again) for truth in truths]
        for field in fields(Measured):
            if field.name != "unbiased_refined":  # they are at the point
                rows.append(mean_row(case, METRICS[field.name], _values(own, field.name)))
        return [*rows, *self._hull_rows(case, "exact", self.shown.near if self.shown else None)]

    def rows(self, case: str, fits: Sequence[KeptFit]) -> list[Row]:
        """Return the figures of one family, means over points and seeds."""
        family, name = case.split()[0], self.case(case)
        rows, models = [], [one.model for one in fits]
        for figures in (self._as_source(models), self._measured(models)):
            for field in fields(figures[0]):
                row = mean_row(name, METRICS[field.name], _values(figures, field.name))
                reference, told = references.compared(field.name, family, self.arm.num_joints)
                rows.append(replace(row, reference=reference, reference_source=told))
        shown = self.shown_draws(models[0]) if self.shown else None
        return [
            *rows,
            *self._hull_rows(name, family, shown),
            Row(name, "fit [s]", float(np.mean([one.seconds for one in fits]))),
            Row(name, "numbers stored [-]", fits[0].num_weights),
        ]

    def case(self, name: str) -> str:
        """Name a case of this arm."""
        return f"{self.arm.num_joints} joints, {name}"

    def shown_draws(self, model: ConditionalModel) -> np.ndarray:
        """Return configurations (M, D) of a model for the point of the slides."""
        assert self.shown is not None
        return _draws(model, self.shown.target, self.scale.num_draws, [self.arm.num_joints])

    def _as_source(self, models: Sequence[ConditionalModel]) -> list[SourceFigures]:
        """Return what the source would measure, model after model, point after point."""
        number, D = source.NUM_DRAWS, self.arm.num_joints
        return [
            measure_as_source(self.arm, point, _draws(model, point.target, number, [D, i, 0]))
            for model in models
            for i, point in enumerate(self.points)
        ]

    def _measured(self, models: Sequence[ConditionalModel]) -> list[Measured]:
        """Return the figures against exact draws, model after model, point after point."""
        number, D = self.scale.num_draws, self.arm.num_joints
        return [
            measure(self.arm, truth, _draws(model, truth.target, number, [D, i, 1]))
            for model in models
            for i, truth in enumerate(self.truths)
        ]

    def _hull_rows(self, case: str, family: str, q: np.ndarray | None) -> list[Row]:
        """Return the hull of configurations q (n, D) for the point of the slides."""
        if q is None or self.shown is None:
            return []
        area, perimeter = source.hull(self.arm, q, self.shown.target)
        stored = references.HULLS.get(family, {}).get(self.arm.num_joints)
        where = "hull of the nearest 97 % at ({:.2f}, {:.2f})".format(*self.shown.target)
        told = f"{references.SOURCE.format(family=family)}, slide" if stored else None
        return [
            Row(case, f"{where}, area [m^2]", area),
            Row(case, f"{where}, perimeter [m]", perimeter, None, stored, told),
        ]


def _draws(
    model: ConditionalModel, target: np.ndarray, num_draws: int, seed: Sequence[int]
) -> np.ndarray:
    """Return configurations (n, D) of a model for a target (2,)."""
    return model.sample(target[None], num_draws, [np.random.default_rng(seed)]).q[0]


def _values(figures: Sequence[object], name: str) -> np.ndarray:
    """Return one field of all figures that have it."""
    values = np.array([getattr(one, name) for one in figures], float)
    return values[~np.isnan(values)]
