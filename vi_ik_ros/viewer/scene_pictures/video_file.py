# SPDX-License-Identifier: Apache-2.0
"""Pictures as a film in H.264, which every browser plays; the package av is optional."""

import importlib
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput

CODEC, PIXELS, QUALITY = "h264", "yuv420p", {"crf": "18"}  # quality: 0 is lossless


class VideoFile:
    """Writes pictures of one size into an mp4 file; a context manager, as FrameFolder is.

    Args:
        path: that ends in .mp4.
        rate: of pictures [Hz].

    Raises:
        InvalidInput: the package av is missing, or the file cannot be written.
    """

    def __init__(self, path: Path, rate: float) -> None:
        if path.suffix != ".mp4":
            raise InvalidInput("video", str(path), "a name that ends in .mp4")
        try:
            self._av = importlib.import_module("av")
        except ImportError as error:
            expected = f"the package av ({error}); pip install av, or ask for frames, without it"
            raise InvalidInput("video", str(path), expected) from None
        try:
            self._bytes = path.open("wb")  # av itself would tell with the first picture only
        except OSError as error:
            expected = f"a file that can be written ({error.strerror})"
            raise InvalidInput("video", str(path), expected) from None
        self._file = self._av.open(self._bytes, "w", format="mp4")
        rate_of_stream = Fraction(rate).limit_denominator(1000)
        self._stream = self._file.add_stream(CODEC, rate=rate_of_stream, options=QUALITY)
        self._stream.pix_fmt = PIXELS

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left; without this the file cannot be played."""
        self.close()

    def add(self, image: np.ndarray) -> None:
        """Append a picture, (height, width, 3) uint8; odd sizes lose a row or column."""
        height, width = (2 * (size // 2) for size in image.shape[:2])
        if not self._stream.codec_context.is_open:
            self._stream.width, self._stream.height = width, height
        even = np.ascontiguousarray(image[:height, :width])
        frame = self._av.VideoFrame.from_ndarray(even, format="rgb24")
        self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is left."""
        if self._stream.codec_context.is_open:
            self._file.mux(self._stream.encode(None))
        self._file.close()
        self._bytes.close()
