# SPDX-License-Identifier: Apache-2.0
"""What is written under a picture: what is done, when, and how hard."""

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vi_ik_ros.viewer.figures.canvas import FAINT, INK, LINE, PAPER, RED

BAR = 0.105  # height of the caption, of the picture's
VEIL = 0.90  # opacity of the caption's ground
GAUGE = 0.26  # length of the gauge, of the picture's width


def with_caption(
    pixels: np.ndarray,
    label: str,
    *,
    time: float | None = None,
    force: float | None = None,
    full_force: float = 20.0,
) -> np.ndarray:
    """Write a line at the lower edge of a picture.

    Args:
        pixels: (height, width, 3) uint8.
        label: of what is done.
        time: of the episode [s].
        force: of contact, norm [N].
        full_force: at the end of the gauge [N].

    Returns:
        (height, width, 3) uint8, a copy.
    """
    image = Image.fromarray(pixels)
    width, height = image.size
    bar = round(BAR * height)
    ground = Image.new("RGB", (width, bar), PAPER)
    place = (0, height - bar)
    image.paste(Image.blend(image.crop((*place, width, height)), ground, VEIL), place)
    draw = ImageDraw.Draw(image)
    middle, margin = height - 0.5 * bar, 0.45 * bar
    draw.text((margin, middle), label, INK, _font("DejaVuSans-Bold", 0.42 * bar), anchor="lm")
    plain = _font("DejaVuSans", 0.38 * bar)
    if time is not None:
        draw.text((0.5 * width, middle), f"{time:.2f} s", FAINT, plain, anchor="mm")
    if force is not None:
        draw.text((width - margin, middle), f"{force:.1f} N", INK, plain, anchor="rm")
        right = width - margin - plain.getlength("00.0 N") - 0.3 * bar
        _gauge(draw, (right - GAUGE * width, middle), GAUGE * width, 0.2 * bar, force / full_force)
    return np.asarray(image)


def _gauge(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], length: float, high: float, part: float
) -> None:
    """Draw a bar that is filled to a part, from 0 to 1."""
    x, y = place
    box = (x, y - 0.5 * high, x + length, y + 0.5 * high)
    draw.rounded_rectangle(box, radius=0.5 * high, fill=LINE)
    filled = min(1.0, part) * length
    if filled > high:
        draw.rounded_rectangle((*box[:2], x + filled, box[3]), radius=0.5 * high, fill=RED)


@cache
def _font(name: str, size: float) -> ImageFont.FreeTypeFont:
    """Load a font of matplotlib's, which are there wherever it is."""
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    return ImageFont.truetype(path, size)
