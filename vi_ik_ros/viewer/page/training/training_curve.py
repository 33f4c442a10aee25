# SPDX-License-Identifier: Apache-2.0
"""ELBO and components of one training over its time, small enough for the page."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from vi_ik_ros.sampling.store.curves.training_curve import CurvePoint, TrainingCurve
from vi_ik_ros.sampling.training.jobs.job_status import JobStatus
from vi_ik_ros.viewer.figures.training_curve import BOUND, draw_components, draw_figures
from vi_ik_ros.viewer.page.figure_image import panels

HEIGHT = 2.3  # [in] of a panel
WIDTH = 4.6  # [in]


def live_curve(statuses: Sequence[JobStatus]) -> TrainingCurve:
    """Return the curve of a training that is being told."""
    return TrainingCurve(tuple(_point(status) for status in statuses))


def curve_figure(curve: TrainingCurve) -> Figure:
    """Draw what is known of one training; what is not known leaves a gap."""
    figure, (above, below) = panels(2, 1, HEIGHT)
    figure.set_size_inches(WIDTH, 2 * HEIGHT)
    names = curve.names
    draw_figures(above, curve, [BOUND] if BOUND in names or not names else names)
    draw_components(below, curve)
    above.set_xlabel("")
    return figure


def _point(status: JobStatus) -> CurvePoint:
    return CurvePoint(
        status.step,
        status.progress,
        status.elapsed,
        math.nan,
        status.num_components,
        dict(status.figures),
    )
