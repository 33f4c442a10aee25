# SPDX-License-Identifier: Apache-2.0
"""The tab that samples: controls, robots in the scene, figures of the answer."""

import time

import numpy as np
import viser

from vi_ik_ros.exceptions import InvalidInput, ViIkError
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer
from vi_ik_ros.viewer.page.latest_job import LatestJob
from vi_ik_ros.viewer.page.robots.capsule_shapes import capsule_shapes
from vi_ik_ros.viewer.page.robots.robot_group import DRAWN, SHADED, RobotGroup
from vi_ik_ros.viewer.page.robots.urdf_shapes import urdf_shapes
from vi_ik_ros.viewer.page.sample.answer_view import (
    answer_colors,
    answer_text,
    most_probable,
)
from vi_ik_ros.viewer.page.sample.choice import SampleChoice
from vi_ik_ros.viewer.page.sample.sample_controls import SampleControls
from vi_ik_ros.viewer.page.sample.sampler import SampledModel, Sampler
from vi_ik_ros.viewer.page.sample.target_controls import TargetControls

FAINT = 0.2  # opacity of all robots but the most probable one


class SampleTab:
    """Shows what a sampler answers, again after every change of a control.

    Attributes:
        controls: on the left.
        targets: gizmos and fields of the model's context; None until a model is loaded.
        answer: that is shown; None before the first one.
        solid, faint: the most probable robot, and the others.
    """

    def __init__(self, server: viser.ViserServer, sampler: Sampler, model: str = "") -> None:
        """Build the tab in the GUI container that is open.

        Args:
            server: of the page.
            sampler: answers.
            model: shown first; the first of the sampler if empty.

        Raises:
            InvalidInput: the sampler has no model, or none of that name.
        """
        names = tuple(sampler.model_names())
        if not names:
            raise InvalidInput("--store", "no model", "at least one model to sample from")
        self._server, self._sampler = server, sampler
        self._model: SampledModel | None = None
        self._shapes = ""  # that the groups are made of
        self.targets: TargetControls | None = None
        self.answer: SampleAnswer | None = None
        self.solid: RobotGroup | None = None
        self.faint: RobotGroup | None = None
        self.controls = SampleControls(server, names, model or names[0], sampler.title)
        self._worker = LatestJob("sampling", self._failed)
        self.controls.on_change(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Ask again, with what the controls say when the sampler is free."""
        self._worker.submit(self._update)

    def settled(self, timeout: float) -> bool:
        """Wait until the newest answer is shown; return whether it was within `timeout` [s]."""
        return self._worker.idle(timeout)

    def clear(self) -> None:
        """Take all robots out of the scene until the next answer."""
        for group in filter(None, (self.solid, self.faint)):
            group.clear()

    def close(self) -> None:
        """Stop asking."""
        self._worker.close()

    def _update(self) -> None:
        choice = self.controls.choice()
        self._use(choice)
        assert self._model is not None and self.targets is not None
        request = choice.request(self.targets.context(), can_refine=self._model.refines)
        start = time.perf_counter()
        answer = self._sampler.sample(choice.model, request)
        latency = time.perf_counter() - start
        self._draw(answer)
        continuous = self._model.robot.continuous
        text = answer_text(answer, continuous, latency, refined=request.refine)
        self.controls.say(text, self._model.title)
        self.answer = answer

    def _use(self, choice: SampleChoice) -> None:
        """Load model and shapes if others are chosen than those in the scene."""
        if self._model is None or self._model.name != choice.model:
            model = self._sampler.model(choice.model)
            if self.targets is not None:
                self.targets.remove()
            folder = self.controls.target_folder
            self.targets = TargetControls(self._server, folder, model, self.refresh)
            self._model, self._shapes = model, ""
        if self._shapes != self.controls.shapes.value:
            robot, kind = self._model.robot, self.controls.shapes.value
            simple = kind == "capsules"
            shapes = capsule_shapes(robot) if simple else urdf_shapes(robot)
            material = DRAWN if simple else SHADED
            self.clear()
            self.solid = RobotGroup(
                self._server, "/most_probable", robot, shapes, material=material
            )
            self.faint = RobotGroup(
                self._server, "/samples", robot, shapes, opacity=FAINT, material=material
            )
            self._shapes = kind

    def _draw(self, answer: SampleAnswer) -> None:
        """Show the rows of an answer."""
        assert self.solid is not None and self.faint is not None
        colors = answer_colors(answer, self.controls.coloring.value)
        order = np.arange(len(answer.positions))
        best = order[most_probable(answer) :][:1]
        others = np.setdiff1d(order, best)
        self.solid.show(answer.positions[best], colors[best])
        self.faint.show(answer.positions[others], colors[others])

    def _failed(self, error: Exception) -> None:
        """Say why there is no answer; what is shown stays."""
        kind = "" if isinstance(error, ViIkError) else f"{type(error).__name__}: "
        self.controls.say(f"**not answered**: {kind}{error}", "")
