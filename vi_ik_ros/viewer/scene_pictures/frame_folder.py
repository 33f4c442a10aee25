# SPDX-License-Identifier: Apache-2.0
"""Pictures as numbered files."""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image

from vi_ik_ros.exceptions import InvalidInput

PATTERN = "frame_*.png"


class FrameFolder:
    """Writes frame_0000.png, frame_0001.png, ...; a context manager, as VideoFile is.

    Args:
        directory: made if it is missing; it must hold no frames of another film.

    Raises:
        InvalidInput: the directory cannot be made, or holds frames.
    """

    def __init__(self, directory: Path) -> None:
        self._directory, self._count = directory, 0
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            expected = f"a directory that can be made ({error.strerror})"
            raise InvalidInput("frames", str(directory), expected) from None
        if any(directory.glob(PATTERN)):
            raise InvalidInput("frames", str(directory), f"a directory without {PATTERN}")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: every file is whole."""

    def add(self, image: np.ndarray) -> None:
        """Write the next picture, (height, width, 3) uint8."""
        Image.fromarray(image).save(self._directory / f"frame_{self._count:04d}.png")
        self._count += 1
