# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.viewer.scene_pictures.caption import BAR

pytestmark = pytest.mark.slow
PICTURE = slice(0, round((1.0 - BAR) * 120))  # rows above the caption
UP = np.array([0.0, 0.0, -10.0])  # [N], the tool's z points down


def places(image, color):
    """Return rows and columns of the pixels that are nearly of a hue, above the caption."""
    r, g, b = np.moveaxis(image[PICTURE].astype(int), -1, 0)
    is_color = {"orange": (r > g + 30) & (g > b + 25), "red": (r > 100) & (g < 70) & (b < 70)}
    return np.argwhere(is_color[color])


def descend(plant, speed, ticks):
    for _ in range(ticks):
        plant.tick(Twist(np.array([0.0, 0.0, -speed]), np.zeros(3)))


def test_the_blade_is_in_the_picture_from_the_start_to_the_plate(plant, renderer):
    plant.reset(0)
    sizes = []
    for _ in range(3):
        image = renderer.image("approach")
        assert image.shape == (120, 160, 3) and image.dtype == np.uint8
        assert not len(places(image, "red"))
        sizes.append(len(places(image, "orange")))
        descend(plant, 0.02, 5)
    assert min(sizes) > 100 and sizes[-1] > sizes[0]  # the camera comes nearer


def test_an_arrow_shows_how_hard_and_from_where(plant, renderer):
    plant.reset(0)
    weak, strong = (places(renderer.image(force=part * UP), "red") for part in (0.5, 1.0))
    heights = [np.ptp(rows) for rows in (weak[:, 0], strong[:, 0])]
    assert heights[1] == pytest.approx(0.25 * 120, abs=6) and heights[1] > 1.5 * heights[0]
    from_the_right = places(renderer.image(force=np.array([-10.0, 0.0, 0.0])), "red")
    assert np.ptp(from_the_right[:, 1]) > 2.0 * np.ptp(from_the_right[:, 0])
    assert from_the_right[:, 1].mean() > strong[:, 1].mean()


def test_pictures_change_nothing_of_the_episode(scene, plant, renderer):
    alone = MujocoPlant(scene)
    for one in (plant, alone):
        one.reset(3)
    for _ in range(5):
        renderer.image(force=UP)
        descend(plant, 0.04, 1)
        descend(alone, 0.04, 1)
    assert plant.contact.data.qpos.tobytes() == alone.contact.data.qpos.tobytes()


def test_the_recess_stays_where_it_is(plant, renderer):
    """Another place of the plate is seen as another place of the tool."""
    images = []
    for seed in (0, 1):
        plant.reset(seed)
        images.append(renderer.image())
    assert np.abs(images[0].astype(int) - images[1]).max() > 50
    plant.reset(0)
    np.testing.assert_array_equal(renderer.image(), images[0])
