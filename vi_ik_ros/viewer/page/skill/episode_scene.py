# SPDX-License-Identifier: Apache-2.0
"""The course of an episode in the scene: the tool's path, the tool, and the force on it."""

import numpy as np
import viser

from vi_ik_ros.skills.execution.trace import RECOVERY, Trace
from vi_ik_ros.viewer.palette import component_colors

TOOL_RADIUS = 0.0012  # [m]
PER_NEWTON = 0.001  # [m/N], length of the arrow
SHAFT, HEAD, HEAD_LENGTH = 0.0004, 0.001, 0.002  # [m]
ROOT = "/skill"
PATH_THICKNESS = 0.0005  # [m]
AWAY = np.array([0.045, -0.045, 0.035])  # of a near camera from the tool [m]
RED, INK = (200, 68, 60), (34, 37, 43)


class EpisodeScene:
    """One episode at a time; its primitives are the colours of the path."""

    def __init__(self, server: viser.ViserServer) -> None:
        """Keep the server; `show` draws."""
        self._server = server
        self._trace: Trace | None = None
        self._R_base_task = np.eye(3)
        self._tool: viser.IcosphereHandle | None = None

    @property
    def num_ticks(self) -> int:
        """How many control periods the episode lasted; 0 if none is shown."""
        return 0 if self._trace is None else len(self._trace.times)

    def show(self, trace: Trace, R_base_task: np.ndarray) -> None:
        """Draw the path of an episode, and the tool at its end.

        Args:
            trace: its course, at least one control period.
            R_base_task: (3, 3) the frame of the wrenches in it.
        """
        self.clear()
        self._trace, self._R_base_task = trace, R_base_task
        scene, points = self._server.scene, trace.positions
        if len(points) > 1:
            scene.add_line_segments(
                f"{ROOT}/path",
                np.stack([points[:-1], points[1:]], axis=1),
                np.repeat(path_colors(trace.primitives[1:])[:, None], 2, axis=1),
                thickness=PATH_THICKNESS,
            )
        self._tool = scene.add_icosphere(f"{ROOT}/tool", TOOL_RADIUS, color=INK)
        self.move(self.num_ticks - 1)

    def move(self, tick: int) -> float:
        """Put the tool where it was in a control period; return that time [s]."""
        assert self._trace is not None and self._tool is not None
        position = self._trace.positions[tick]
        self._tool.position = tuple(position)
        force = self._R_base_task @ self._trace.wrenches[tick, :3]
        self._server.scene.add_arrows(
            f"{ROOT}/force",
            np.stack([position, position + PER_NEWTON * force])[None].astype(np.float32),
            RED,
            shaft_radius=SHAFT,
            head_radius=HEAD,
            head_length=HEAD_LENGTH,
        )
        return float(self._trace.times[tick] - self._trace.times[0])

    def look(self, client: viser.ClientHandle) -> None:
        """Bring a browser's camera near the tool."""
        if self._trace is not None:
            middle = self._trace.positions.mean(axis=0)
            client.camera.position, client.camera.look_at = middle + AWAY, middle
            client.camera.near = 1e-3  # [m]

    def clear(self) -> None:
        """Take the episode out of the scene."""
        self._server.scene.remove_by_name(ROOT)
        self._trace = self._tool = None


def path_colors(primitives: np.ndarray) -> np.ndarray:
    """Return the colour (n, 3) uint8 of each piece of a path; recovery is red."""
    colors = np.round(255.0 * component_colors(np.maximum(primitives, 0))).astype(np.uint8)
    colors[primitives == RECOVERY] = RED
    return colors
