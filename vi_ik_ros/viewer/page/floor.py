# SPDX-License-Identifier: Apache-2.0
"""A floor to stand on: few triangles, because shaders of lines cost a processor much."""

import numpy as np

HALF, CELL = 1.25, 0.25  # [m]
THIN, THICK = 0.003, 0.007  # width of lines, and of those through the middle [m]
COLOR = (205, 208, 214)


def floor_triangles() -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (V, 3) and faces (F, 3) of a square grid of lines at height 0."""
    places = np.arange(-HALF, HALF + 0.5 * CELL, CELL)
    vertices: list[list[list[float]]] = []
    faces = []
    for place in places:
        width = THICK if abs(place) < 0.5 * CELL else THIN
        across, along = (place - 0.5 * width, place + 0.5 * width), (-HALF, HALF)
        for x, y in ((across, along), (along, across)):
            faces += [np.array([[0, 1, 2], [0, 2, 3]]) + 4 * len(vertices)]
            vertices.append([[x[0], y[0], 0], [x[1], y[0], 0], [x[1], y[1], 0], [x[0], y[1], 0]])
    return np.concatenate(vertices).astype(np.float32), np.concatenate(faces)
