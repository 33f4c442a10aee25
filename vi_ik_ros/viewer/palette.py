# SPDX-License-Identifier: Apache-2.0
"""Colours that tell mixture components apart."""

import colorsys

import numpy as np

GOLDEN_RATIO = 0.61803398875


def component_colors(component: np.ndarray) -> np.ndarray:
    """Return one colour (n, 3) in [0, 1] for each component index (n,), far apart in hue.

    The same component has the same colour in every picture; steps by the golden ratio keep the
    hues of any few components apart.
    """
    hues = (0.56 + GOLDEN_RATIO * np.asarray(component, dtype=float)) % 1.0
    colors = [colorsys.hls_to_rgb(hue, 0.52, 0.62) for hue in hues]
    return np.array(colors).reshape(-1, 3)
