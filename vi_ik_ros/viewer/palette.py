# SPDX-License-Identifier: Apache-2.0
"""Colours that tell mixture components apart, and more probable from less probable."""

import colorsys

import numpy as np

GOLDEN_RATIO = 0.61803398875
# From improbable to probable: lightness rises all the way, so it is read without seeing hues.
DENSITY_STEPS = np.array(
    [[0.20, 0.08, 0.45], [0.12, 0.42, 0.62], [0.25, 0.70, 0.45], [1, 0.90, 0.2]]
)
UNKNOWN = np.array([0.60, 0.60, 0.60])


def component_colors(component: np.ndarray) -> np.ndarray:
    """Return one colour (n, 3) in [0, 1] for each component index (n,), far apart in hue.

    The same component has the same colour in every picture; steps by the golden ratio keep the
    hues of any few components apart.
    """
    hues = (0.56 + GOLDEN_RATIO * np.asarray(component, dtype=float)) % 1.0
    colors = [colorsys.hls_to_rgb(hue, 0.52, 0.62) for hue in hues]
    return np.array(colors).reshape(-1, 3)


def density_colors(log_density: np.ndarray) -> np.ndarray:
    """Return one colour (n, 3) in [0, 1] for each log-density (n,), relative to the others.

    The least probable is dark violet, the most probable yellow; grey where it is not known.
    """
    log_density = np.asarray(log_density, dtype=float)
    known = np.isfinite(log_density)
    colors = np.tile(UNKNOWN, (len(log_density), 1))
    if known.any():
        low, high = log_density[known].min(), log_density[known].max()
        place = (log_density[known] - low) / (high - low) if high > low else np.ones(known.sum())
        steps = np.linspace(0.0, 1.0, len(DENSITY_STEPS))
        columns = [np.interp(place, steps, column) for column in DENSITY_STEPS.T]
        colors[known] = np.stack(columns, axis=1)
    return colors
