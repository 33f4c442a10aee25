# SPDX-License-Identifier: Apache-2.0
"""The controls of the sampling tab and the choice that they stand for."""

from collections.abc import Callable, Sequence

import viser

from vi_ik_ros.viewer.page.sample.answer_view import COLORINGS
from vi_ik_ros.viewer.page.sample.choice import SampleChoice

MOST_ROBOTS, USUAL_ROBOTS = 64, 16
SHAPES = ("URDF", "capsules")
HINT = "Drag the target in the scene."


class SampleControls:
    """Dropdowns, sliders and switches.

    Attributes:
        model, num_samples, temperature, refine, distinct, collision_free, seed: see `SampleChoice`.
        shapes: what robots are drawn as.
        coloring: what their colour means.
        target_folder: holds fields of contexts that are not dragged.
        again: button for another seed.
        figures: text under the controls.
    """

    def __init__(
        self, server: viser.ViserServer, names: Sequence[str], model: str, title: str
    ) -> None:
        """Show the controls.

        Args:
            server: of the page.
            names: of the models.
            model: chosen at first.
            title: where the answers come from.
        """
        gui = server.gui
        self.model = gui.add_dropdown("model", tuple(names), initial_value=model)
        self._about = gui.add_markdown(f"{HINT} Answers come from {title}.")
        self.num_samples = gui.add_slider("robots", 1, MOST_ROBOTS, 1, USUAL_ROBOTS)
        self.temperature = gui.add_slider(
            "temperature", 0.0, 2.0, 0.05, 0.0, hint="0: as the sampler does by itself"
        )
        self.refine = gui.add_checkbox("refine", True)
        self.distinct = gui.add_checkbox("distinct", True, hint="of refined robots")
        self.collision_free = gui.add_checkbox("collision-free", False)
        self.shapes = gui.add_dropdown("shapes", SHAPES)
        self.coloring = gui.add_dropdown("colour", COLORINGS)
        self.seed = gui.add_number("seed", 1, min=1, max=2**31, step=1)
        self.again = gui.add_button("other samples")
        self.target_folder = gui.add_folder("context", visible=False)
        self.figures = gui.add_markdown("")
        self._title = title

    def on_change(self, changed: Callable[[], None]) -> None:
        """Call a function after every change of a control by somebody at the page."""
        for control in (
            self.model, self.num_samples, self.temperature, self.refine, self.distinct,
            self.collision_free, self.shapes, self.coloring, self.seed,
        ):  # fmt: skip
            control.on_update(lambda _: changed())

        @self.again.on_click
        def _(_: object) -> None:
            self.seed.value += 1  # type: ignore[misc]  # mypy overlooks its setter

    def choice(self) -> SampleChoice:
        """Return what is chosen."""
        return SampleChoice(
            model=self.model.value,
            num_samples=int(self.num_samples.value),
            temperature=float(self.temperature.value),
            refine=self.refine.value,
            distinct=self.distinct.value,
            collision_free=self.collision_free.value,
            seed=int(self.seed.value),
        )

    def say(self, figures: str, about: str) -> None:
        """Show the figures of an answer, and what the model is."""
        if about:
            self._about.content = f"{about}, answers come from {self._title}. {HINT}"
        self.figures.content = figures
