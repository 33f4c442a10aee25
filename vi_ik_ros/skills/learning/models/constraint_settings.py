# SPDX-License-Identifier: Apache-2.0
"""How constraints are modelled: every choice that the source leaves open."""

from dataclasses import dataclass
from typing import Literal, get_args

from vi_ik_ros.exceptions import InvalidInput

Threshold = Literal["known", "estimated"]
FailedMetrics = Literal["artificial", "measured", "at_least"]
THRESHOLDS, FAILED_METRICS = get_args(Threshold), get_args(FailedMetrics)


@dataclass(frozen=True)
class ConstraintSettings:
    """Switches of Algorithm 1 (spec 5.3).

    Attributes:
        threshold: `known`: constraints are kept at most 0, as skills measure them. `estimated`:
            from what succeeded, Eq. (5.5), as in the source.
        failed_metrics: of a failure. `artificial`: Eq. (5.6), as in the source. `measured`: what
            was measured, artificial where nothing was. `at_least`: the truncated mean above what
            was measured, since an error ends a primitive and so cuts its metric off.
        observation_noise: whether the probability is of a noisy execution, Eq. (5.7), or of the
            latent constraint.
        positive_prior_mean: in standard deviations of the metrics; more than 0 takes unexplored
            parameters for infeasible (spec 5.7). 0 is the mean of the data.
        tightening: latent standard deviations by which the threshold is lowered (spec 5.7).
        threshold_margin: kappa of Eq. (5.5), posterior standard deviations.
        tiny: least distance of an estimated threshold from the worst success, in s_y.
        artificial_least: delta of Eq. (5.6), least distance of a failure from the threshold, in
            s_y. What fails by chance (a timeout) is measured just above its limit, and succeeds
            far below it: too small a distance takes two failures in three for a success. The
            counterpart of an estimated threshold is `tiny`.
        artificial_largest: largest distance of any failure, measured ones too, in s_y.
        smallest_scale: least s_y; metrics are relative to their limits. Where the threshold is
            known, s_y is at least the distance of the metrics' mean from it, too.
    """

    threshold: Threshold = "known"
    failed_metrics: FailedMetrics = "at_least"
    observation_noise: bool = True
    positive_prior_mean: float = 0.0
    tightening: float = 0.0
    threshold_margin: float = 0.5
    tiny: float = 0.1
    artificial_least: float = 0.5
    artificial_largest: float = 3.0
    smallest_scale: float = 0.05

    def __post_init__(self) -> None:
        """Refuse unknown words and sizes without a meaning."""
        for field, known in (("threshold", THRESHOLDS), ("failed_metrics", FAILED_METRICS)):
            if getattr(self, field) not in known:
                raise InvalidInput(field, getattr(self, field), f"one of {', '.join(known)}")
        for field in ("positive_prior_mean", "tightening", "threshold_margin", "tiny"):
            if not 0.0 <= getattr(self, field) < float("inf"):
                raise InvalidInput(field, getattr(self, field), "a number of at least 0")
        if not self.smallest_scale > 0.0:
            raise InvalidInput("smallest_scale", self.smallest_scale, "more than 0")
        if not 0.0 < self.artificial_least < self.artificial_largest:
            expected = f"more than 0, less than artificial_largest, {self.artificial_largest:g}"
            raise InvalidInput("artificial_least", self.artificial_least, expected)
