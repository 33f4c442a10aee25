# SPDX-License-Identifier: Apache-2.0
"""The context of a model as things to drag: a gizmo for each pose, a field for other numbers."""

from collections.abc import Callable

import numpy as np
import viser

from vi_ik_ros.exceptions import ContextError
from vi_ik_ros.viewer.page.sample.sampler import SampledModel

GIZMO_SCALE = 0.25  # [m]
PLACED = ("pose", "position")  # kinds that are dragged


class TargetControls:
    """Gizmos and fields that together hold one context row.

    Attributes:
        gizmos: by the name of the context entry.
        fields: the others, by the same.
    """

    def __init__(
        self,
        server: viser.ViserServer,
        folder: viser.GuiFolderHandle,
        model: SampledModel,
        changed: Callable[[], None],
    ) -> None:
        """Show the controls with the model's usual context.

        Args:
            server: shows them.
            folder: of the fields.
            model: whose context it is.
            changed: called after each change by somebody at the page.
        """
        self._entries, self._changed = model.entries, changed
        self.gizmos: dict[str, viser.TransformControlsHandle] = {}
        self.fields: dict[str, viser.GuiTextHandle] = {}
        start = 0
        for entry in self._entries:
            values = model.context[start : start + entry["size"]]
            start += entry["size"]
            if entry["kind"] in PLACED:
                self._add_gizmo(server, entry["name"], values)
            else:
                self._add_field(server, folder, f"{entry['name']} [{entry['unit']}]", values)

    def context(self) -> np.ndarray:
        """Return the context row (dc,).

        Raises:
            ContextError: a field does not hold the numbers that belong there.
        """
        parts = [np.zeros(0)]
        for entry in self._entries:
            name = entry["name"]
            if name in self.gizmos:
                gizmo = self.gizmos[name]
                pose = [*gizmo.position, *np.asarray(gizmo.wxyz)[[1, 2, 3, 0]]]
                parts.append(np.array(pose[: entry["size"]], dtype=np.float64))
            else:
                parts.append(_numbers(self.fields[name].value, name, entry["size"]))
        return np.concatenate(parts)

    def remove(self) -> None:
        """Take the controls off the page."""
        for gizmo in self.gizmos.values():
            gizmo.remove()
        for field in self.fields.values():
            field.remove()

    def _add_gizmo(self, server: viser.ViserServer, name: str, values: np.ndarray) -> None:
        """Add a gizmo at a pose (7,) or position (3,)."""
        x, y, z, w = values[3:] if len(values) > 3 else (0.0, 0.0, 0.0, 1.0)
        gizmo = server.scene.add_transform_controls(
            f"/target_{name}",
            scale=GIZMO_SCALE,
            disable_rotations=len(values) == 3,
            depth_test=False,
            position=tuple(values[:3]),
            wxyz=(w, x, y, z),
        )
        gizmo.on_update(lambda _: self._changed())
        self.gizmos[name] = gizmo

    def _add_field(
        self,
        server: viser.ViserServer,
        folder: viser.GuiFolderHandle,
        name: str,
        values: np.ndarray,
    ) -> None:
        """Add a field with numbers between blanks."""
        with folder:
            field = server.gui.add_text(name, " ".join(f"{value:.4g}" for value in values))
        field.on_update(lambda _: self._changed())
        self.fields[name.partition(" [")[0]] = field


def _numbers(text: str, name: str, size: int) -> np.ndarray:
    """Read numbers between blanks or commas."""
    try:
        values = np.array([float(word) for word in text.replace(",", " ").split()])
    except ValueError:
        values = np.empty(0)
    if len(values) != size or not np.isfinite(values).all():
        raise ContextError(name, text, f"{size} numbers")
    return values
