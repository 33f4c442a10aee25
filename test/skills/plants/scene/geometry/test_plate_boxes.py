# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.scene.geometry.plate_boxes import plate_boxes


def in_recess(scene, points):
    x, y = np.abs(points[:, :2]).T
    w, h = 0.5 * scene.recess.width, 0.5 * scene.recess.length
    inside = (x < w) & (y < h)
    if scene.recess.shape == "cross":
        inside |= (x < h) & (y < w)
    return inside & (points[:, 2] > -scene.recess.depth)


@pytest.mark.parametrize("name", ["screw_slot", "screw_cross"])
def test_the_boxes_fill_the_plate_and_leave_the_recess_free(name):
    scene = load_scene(name)
    half = 0.5 * np.array(scene.plate.size)
    for scale in (1.0, 0.12):  # everywhere, and near the recess
        points = np.random.default_rng(0).uniform(-half, half, size=(20000, 3)) * scale
        points[:, 2] -= half[2] * scale
        filled = np.zeros(len(points), dtype=bool)
        for sides in plate_boxes(scene).values():
            low, high = np.array(sides).T
            filled |= ((points >= low) & (points <= high)).all(axis=1)
        np.testing.assert_array_equal(filled, ~in_recess(scene, points))


def test_no_face_lies_across_the_search():
    for name in ("screw_slot", "screw_cross"):
        scene = load_scene(name)
        for (low, _), (south, north), (_, top) in plate_boxes(scene).values():
            if top == 0.0 and south < 0.0 < north and low < 0.0:  # before the recess
                assert low == -0.5 * scene.plate.size[0]
