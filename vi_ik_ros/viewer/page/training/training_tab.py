# SPDX-License-Identifier: Apache-2.0
"""The tab of training: what is trained now, or how a stored model was, and its components."""

import threading
from collections.abc import Sequence

import numpy as np
import viser

from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.sampling.store.curves.training_curve import TrainingCurve
from vi_ik_ros.sampling.training.jobs.job_status import JobStatus
from vi_ik_ros.sampling.warm_start.solver import SampleRequest
from vi_ik_ros.viewer.figures.training_curve import told
from vi_ik_ros.viewer.page.figure_image import figure_image
from vi_ik_ros.viewer.page.latest_job import LatestJob
from vi_ik_ros.viewer.page.sample.sampler import Sampler
from vi_ik_ros.viewer.page.training.components import (
    LEAST,
    NUM_DRAWS,
    components_figure,
    planar_components,
)
from vi_ik_ros.viewer.page.training.training_curve import curve_figure, live_curve
from vi_ik_ros.viewer.page.training.training_feed import TrainingFeed, elbo_of

BLANK = np.full((8, 8, 3), 251, np.uint8)
LISTEN = 0.5  # [s]
SEED = 1
NO_TRAINER = "No trainer is watched: `vi-ik view --trainer /trainer` watches a node's trainings."
WAITING = "Nothing is being trained yet."
NO_CURVE = "**{}** keeps no training curve: products, and models of earlier versions, have none."


class TrainingTab:
    """Shows what a feed tells, and where the components of a model are.

    Attributes:
        status: of the newest training.
        curve: of the newest training while it goes on, otherwise of the stored model.
        stored: what is known of the stored model's training.
        model: the stored model, picked by the user.
        across, up: joints that its components are shown in.
        components: their picture.
        remark: why there is none, or how many there are.
    """

    def __init__(
        self, server: viser.ViserServer, sampler: Sampler, feed: TrainingFeed | None = None
    ) -> None:
        """Build the tab in the GUI container that is open.

        Args:
            server: of the page.
            sampler: draws from the models.
            feed: of a trainer, or None.
        """
        self._sampler, self._feed = sampler, feed
        self._told: list[JobStatus] = []
        self._lock = threading.Lock()  # over the curve: two threads draw it
        self._curve_of = ""  # stored model that was picked when the curve was drawn last
        self._shown = ""  # model that the joints in the dropdowns are of
        gui = server.gui
        self.status = gui.add_markdown(NO_TRAINER if feed is None else WAITING)
        self.curve = gui.add_image(BLANK, label="training curve", visible=False)
        self.stored = gui.add_markdown("")
        names = tuple(sampler.model_names())
        self.model = gui.add_dropdown("stored model", names)
        self.across = gui.add_dropdown("across", ("",))
        self.up = gui.add_dropdown("upwards", ("",))
        self.components = gui.add_image(BLANK, label="components")
        self.remark = gui.add_markdown("")
        self._worker = LatestJob("components", self._failed)
        for control in (self.model, self.across, self.up):
            control.on_update(lambda _: self.refresh())
        self._stop = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="training", daemon=True)
        if feed is not None:
            self._listener.start()
        self.refresh()

    def refresh(self) -> None:
        """Draw the components again, and the curve if another model is picked."""
        self._worker.submit(self._draw)

    def settled(self, timeout: float) -> bool:
        """Wait until all is drawn; return whether they were within `timeout` [s]."""
        return self._worker.idle(timeout)

    def close(self) -> None:
        """Stop listening and drawing."""
        self._stop.set()
        self._worker.close()
        if self._listener.is_alive():
            self._listener.join()

    def take(self, statuses: Sequence[JobStatus]) -> None:
        """Show what a trainer has told; the curve is that of the newest training."""
        for status in statuses:
            if self._told and _training(self._told[-1]) != _training(status):
                self._told = []
            self._told.append(status)
        if self._told:
            self.status.content = _words(self._told[-1])
            with self._lock:
                self._curve_of, self.stored.content = str(self.model.value), ""
                self._show(live_curve(self._told))

    def _listen(self) -> None:
        assert self._feed is not None
        while not self._stop.is_set():
            if statuses := self._feed.listen(LISTEN):
                self.take(statuses)

    def _show(self, curve: TrainingCurve) -> None:
        self.curve.image = figure_image(curve_figure(curve))
        self.curve.visible = True

    def _draw(self) -> None:
        self._draw_stored_curve()
        self._draw_components()

    def _draw_stored_curve(self) -> None:
        """Show how the picked model was trained, unless something is being trained."""
        name = str(self.model.value)
        with self._lock:
            live = bool(self._told) and not self._told[-1].state.is_final
            if live or name == self._curve_of:
                return
            self._curve_of, self.curve.visible = name, False
            try:
                curve = self._sampler.curve(name)
            except ViIkError as error:
                self.stored.content = f"**not shown**: {error}"
                return
            if curve is None or not curve.points:
                self.stored.content = NO_CURVE.format(name)
                return
            self._show(curve)
            self.stored.content = f"**{name}** as it was trained: {told(curve)}."

    def _draw_components(self) -> None:
        model = self._sampler.model(str(self.model.value))
        names = tuple(model.robot.joint_names)
        if self._shown != model.name:
            self._shown = model.name
            for control, name in (
                (self.across, names[0]),
                (self.up, names[min(1, len(names) - 1)]),
            ):
                control.options = names
                control.value = name  # type: ignore[misc]  # mypy overlooks its setter
        joints = names.index(str(self.across.value)), names.index(str(self.up.value))
        request = SampleRequest(context=model.context, num_samples=NUM_DRAWS, seed=SEED)
        answer = self._sampler.sample(model.name, request)
        found = planar_components(answer, joints)
        lower, upper = model.robot.lower, model.robot.upper
        limits = [(float(lower[i]), float(upper[i])) for i in joints]
        figure = components_figure(
            found, (names[joints[0]], names[joints[1]]), (limits[0], limits[1])
        )
        self.components.image = figure_image(figure)
        self.remark.content = (
            f"{len(found)} components that make at least {LEAST} of {NUM_DRAWS} draws at the "
            "model's usual context; ellipses of two standard deviations."
        )

    def _failed(self, error: Exception) -> None:
        """Say what is wrong; what is shown stays."""
        kind = "" if isinstance(error, ViIkError) else f"{type(error).__name__}: "
        self.remark.content = f"**not shown**: {kind}{error}"


def _training(status: JobStatus) -> tuple[str, int]:
    """Return what tells a training from others."""
    return status.model, status.stamp


def _words(status: JobStatus) -> str:
    """Return what is known of a training as a table in Markdown."""
    lines = ["| | |", "|---|---|", f"| model | **{status.model}** |"]
    lines.append(f"| state | {status.state.name.lower()} |")
    lines.append(f"| done | {100 * status.progress:.0f} %, step {status.step} |")
    lines.append(f"| time | {status.elapsed:.0f} s |")
    if np.isfinite(status.seconds_left):
        lines.append(f"| left | {status.seconds_left:.0f} s |")
    if np.isfinite(elbo_of(status)):
        lines.append(f"| ELBO | {elbo_of(status):.3f} nat |")
    if status.num_components:
        lines.append(f"| components used | {status.num_components} |")
    return "\n".join([*lines, "", status.message])
