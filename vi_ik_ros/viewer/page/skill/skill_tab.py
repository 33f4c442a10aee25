# SPDX-License-Identifier: Apache-2.0
"""The tab of a skill: episodes, their course, the learning curve, maps of success."""

import math
from pathlib import Path

import numpy as np
import viser

from vi_ik_ros.exceptions import InvalidInput, ViIkError
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.viewer.episodes.episode_figure import EpisodePicture, episode_figure
from vi_ik_ros.viewer.page.figure_image import figure_image
from vi_ik_ros.viewer.page.latest_job import LatestJob
from vi_ik_ros.viewer.page.skill.episode_scene import EpisodeScene
from vi_ik_ros.viewer.page.skill.learning_curve import learning_curve
from vi_ik_ros.viewer.page.skill.skill_run import SkillRun
from vi_ik_ros.viewer.page.skill.success_maps import LearnedSuccess, success_maps

BLANK = np.full((8, 8, 3), 251, np.uint8)
NOT_YET = "no episode yet"


class SkillTab:
    """Shows a store of episodes; `reload` takes in those that came since.

    Attributes:
        run: what is shown.
        episode: dropdown of the episodes.
        time: slider of the control period that the scene shows.
        across, up: parameters of the maps.
        course, curve, maps: pictures.
        text: what became of the episode.
        scene: tool and force in the scene.
    """

    def __init__(self, server: viser.ViserServer, place: Path) -> None:
        """Build the tab in the GUI container that is open.

        Args:
            server: of the page.
            place: of the store, its directory or its file.

        Raises:
            InvalidInput: there is no such store.
        """
        self._place, self.run = place, SkillRun.read(place)
        self._learned: LearnedSuccess | None = None
        self.scene = EpisodeScene(server)
        gui, run = server.gui, self.run.run
        title = f"**{run.skill_name}**, method {run.method}, seed {run.seed}, plant {run.plant}"
        gui.add_markdown(title)
        self.episode = gui.add_dropdown("episode", _options(self.run))
        self.reload_button = gui.add_button("read new episodes")
        self.text = gui.add_markdown("")
        self.time = gui.add_slider("control period", 0, 1, 1, 0)
        self.near_button = gui.add_button("look at the tool")
        self.course = gui.add_image(BLANK, label="course")
        self.large_button = gui.add_button("enlarge the course")
        self.curve = gui.add_image(BLANK, label="learning curve")
        names = self.run.problem.space.names
        self.across = gui.add_dropdown("across", names, initial_value=names[0])
        self.up = gui.add_dropdown("upwards", names, initial_value=names[min(1, len(names) - 1)])
        self.maps = gui.add_image(BLANK, label="what the factor graph has learned")
        self._worker = LatestJob("skill", self._failed)
        self._connect(server)
        self.refresh()

    def refresh(self) -> None:
        """Draw everything again."""
        self._worker.submit(self._update)

    def reload(self) -> None:
        """Read the store again; the newest episode is shown."""
        self.run, self._learned = SkillRun.read(self._place), None
        options = _options(self.run)
        self.episode.options = options
        self.episode.value = options[-1]  # type: ignore[misc]  # mypy overlooks its setter
        self.refresh()

    def settled(self, timeout: float) -> bool:
        """Wait until all pictures are new; return whether they were within `timeout` [s]."""
        return self._worker.idle(timeout)

    def close(self) -> None:
        """Stop drawing."""
        self._worker.close()

    def _connect(self, server: viser.ViserServer) -> None:
        """Have the controls do something."""
        for control in (self.episode, self.across, self.up):
            control.on_update(lambda _: self.refresh())
        self.reload_button.on_click(lambda _: self.reload())

        @self.time.on_update
        def _(_: object) -> None:
            if 0 <= self.time.value < self.scene.num_ticks:
                self.scene.move(int(self.time.value))

        @self.near_button.on_click
        def _(event: viser.GuiEvent) -> None:
            if event.client is not None:
                self.scene.look(event.client)

        @self.large_button.on_click
        def _(_: object) -> None:
            with server.gui.add_modal("course of the episode"):
                server.gui.add_image(self.course.image)

    def _update(self) -> None:
        if not self.run.entries:
            self.text.content = NOT_YET
            return
        entry = self.run.entries[int(str(self.episode.value).partition(":")[0]) - 1]
        self.text.content = _outcome(entry)
        self._draw_course(entry)
        self.curve.image = figure_image(learning_curve(self.run.entries))
        self._draw_maps()

    def _draw_course(self, entry: StoredEpisode) -> None:
        """Draw force, velocity and travel, and the tool in the scene."""
        trace = self.run.trace(entry.number)
        if trace is None or not len(trace.times):
            self.scene.clear()
            self.course.image = BLANK
            return
        title, subtitle = _headline(entry), f"plant {self.run.run.plant}"
        picture = EpisodePicture.of(
            self.run.skill, entry.episode, trace, title=title, subtitle=subtitle
        )
        self.course.image = figure_image(episode_figure(picture))
        self.scene.show(trace, picture.R_base_task)
        last = len(trace.times) - 1
        self.time.max = max(last, 1)
        self.time.value = last  # type: ignore[misc]  # mypy overlooks its setter

    def _draw_maps(self) -> None:
        """Draw what the graph has learned of two parameters."""
        across, up = str(self.across.value), str(self.up.value)
        if across == up:
            raise InvalidInput("upwards", up, "another parameter than across")
        if self._learned is None:
            self._learned = LearnedSuccess.of(self.run.problem, self.run.outcomes())
        self.maps.image = figure_image(success_maps(self._learned, across, up))

    def _failed(self, error: Exception) -> None:
        """Say what is wrong; what is shown stays."""
        kind = "" if isinstance(error, ViIkError) else f"{type(error).__name__}: "
        self.text.content = f"**not shown**: {kind}{error}"


def _options(run: SkillRun) -> tuple[str, ...]:
    """Return a line for each episode, newest last."""
    return tuple(_headline(entry) for entry in run.entries) or (NOT_YET,)


def _headline(entry: StoredEpisode) -> str:
    """Return number and verdict of an episode."""
    episode = entry.episode
    if not entry.is_valid:
        return f"{entry.number}: invalid, {episode.invalid_reason}"
    if episode.success:
        return f"{entry.number}: success, cost {episode.cost:.3f}"
    failed = episode.primitives[episode.last_primitive]
    return f"{entry.number}: {failed.name} failed, {failed.error}"


def _outcome(entry: StoredEpisode) -> str:
    """Return parameters and margins of an episode as tables in Markdown."""
    lines = ["| parameter | value |", "|---|---|"]
    lines += [f"| {name} | {value:.4g} |" for name, value in entry.episode.parameters.items()]
    lines += ["", "| factor | kept | constraint |", "|---|---|---|"]
    words = {True: "yes", False: "**no**", None: "not evaluated"}
    for factor in entry.episode.factors:
        measured = "" if math.isnan(factor.constraint) else f"{factor.constraint:.3g}"
        lines.append(f"| {factor.name} | {words[factor.ok]} | {measured} |")
    return "\n".join(lines)
