# SPDX-License-Identifier: Apache-2.0
"""ELBO and components of one training over its time."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from vi_ik_ros.sampling.training.jobs.job_status import JobStatus
from vi_ik_ros.viewer.figures.canvas import BLUE, ORANGE, labelled
from vi_ik_ros.viewer.page.figure_image import panels
from vi_ik_ros.viewer.page.training.training_feed import elbo_of

HEIGHT = 2.3  # [in] of a panel
WIDTH = 4.6  # [in]


def training_curve(statuses: Sequence[JobStatus]) -> Figure:
    """Draw what is known of one training; what is not known leaves a gap."""
    figure, (above, below) = panels(2, 1, HEIGHT)
    figure.set_size_inches(WIDTH, 2 * HEIGHT)
    times = np.array([status.elapsed for status in statuses])
    above.plot(times, [elbo_of(status) for status in statuses], ".-", color=BLUE, linewidth=1.2)
    labelled(above, "", "ELBO [nat]")
    used = [status.num_components or np.nan for status in statuses]
    below.step(times, used, where="post", color=ORANGE, linewidth=1.2)
    below.set_ylim(0.0, None)
    labelled(below, "time [s]", "components used")
    return figure
