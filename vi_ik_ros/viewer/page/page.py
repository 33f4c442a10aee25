# SPDX-License-Identifier: Apache-2.0
"""The page as a whole: a server, a floor, and the tabs."""

import contextlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from vi_ik_ros.viewer.page.floor import COLOR, floor_triangles
from vi_ik_ros.viewer.page.page_server import LOOPBACK, PageServer
from vi_ik_ros.viewer.page.sample.sample_tab import SampleTab
from vi_ik_ros.viewer.page.sample.sampler import Sampler
from vi_ik_ros.viewer.page.sample.shared_sampler import SharedSampler
from vi_ik_ros.viewer.page.skill.skill_tab import SkillTab
from vi_ik_ros.viewer.page.training.training_feed import TrainingFeed
from vi_ik_ros.viewer.page.training.training_tab import TrainingTab

CAMERA, LOOK_AT = (1.25, -1.1, 0.95), (0.1, 0.0, 0.38)  # [m]
SKY, SUN = 2.0, 1.2  # intensities


@dataclass(frozen=True)
class PageContent:
    """What a page shows.

    Attributes:
        sampler: of the tab that samples.
        model: shown first; the first one if empty.
        skill: store of a skill's episodes, or None.
        training: of a trainer, or None.
    """

    sampler: Sampler
    model: str = ""
    skill: Path | None = None
    training: TrainingFeed | None = None


class Page:
    """A live page; all browsers that look at it share its controls.

    Attributes:
        server: viser's, with its scene and controls.
        sample: the tab that samples.
        training: the tab of training.
        skill: the tab of a skill, or None.
    """

    def __init__(self, content: PageContent, *, host: str = LOOPBACK, port: int = 8080) -> None:
        """Open the page.

        Args:
            content: what it shows.
            host: address to listen at; see `PageServer`.
            port: the same.

        Raises:
            InvalidInput: it cannot listen there, or there is nothing to show.
        """
        self.server = PageServer(host, port)
        self._tabs = contextlib.ExitStack()  # closed before the server
        try:
            _furnish(self.server)
            self._add_tabs(content)
        except BaseException:
            self.close()
            raise

    def _add_tabs(self, content: PageContent) -> None:
        """Show everything that there is to show."""
        server, sampler = self.server, SharedSampler(content.sampler)
        group, opened = server.gui.add_tab_group(), self._tabs.enter_context
        self.skill: SkillTab | None = None
        with group.add_tab("sample"):
            self.sample = opened(closing(SampleTab(server, sampler, content.model)))
        with group.add_tab("training"):
            self.training = opened(closing(TrainingTab(server, sampler, content.training)))
        if content.skill is not None:
            with group.add_tab("skill"):
                self.skill = opened(closing(SkillTab(server, content.skill)))

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        return self.server.url

    def close(self) -> None:
        """Close the page."""
        self._tabs.close()
        self.server.stop()

    def __enter__(self) -> Self:
        """Return the page itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the page."""
        self.close()


def _furnish(server: PageServer) -> None:
    """Add a floor and light; shadows and mirrored surroundings would take a processor seconds."""
    server.scene.add_mesh_simple(
        "/floor", *floor_triangles(), color=COLOR, side="double", material="toon3"
    )
    server.scene.configure_environment_map(None)
    server.scene.configure_default_lights(enabled=False)
    server.scene.add_light_hemisphere("/sky", intensity=SKY)
    server.scene.add_light_directional("/sun", intensity=SUN, cast_shadow=False, position=CAMERA)
    server.initial_camera.position, server.initial_camera.look_at = CAMERA, LOOK_AT
