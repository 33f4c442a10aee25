# SPDX-License-Identifier: Apache-2.0
"""Fit an unconditional mixture in memory."""

import time
from collections.abc import Callable

from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.training.runs.mixture_run import MixtureRun, MixtureSettings
from vi_ik_ros.sampling.training.runs.run import FitProgress, standing


def fit_mixture(
    product: ProductOfExperts,
    *,
    family: str = "gaussian",
    settings: MixtureSettings | None = None,
    on_progress: Callable[[FitProgress], None] = lambda progress: None,
) -> GaussianMixture | BananaMixture:
    """Fit a mixture to a product of experts without context.

    Args:
        product: the target, in float64.
        family: `gaussian` or `banana`.
        settings: sizes, length, seed.
        on_progress: called after every update.

    Raises:
        ObjectiveError: the product has a context, or is zero wherever it was looked at.
    """
    run = MixtureRun(product, family, settings or MixtureSettings())
    begin = time.monotonic()
    seconds = 0.0
    while run.fraction(seconds) < 1:
        figures = run.update(seconds)
        seconds = time.monotonic() - begin
        on_progress(standing(run, seconds, figures))
    return run.model()
