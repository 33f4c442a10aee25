# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.viewer.scene_pictures.caption import BAR, GAUGE, with_caption

PIXELS = np.full((480, 640, 3), 90, np.uint8)


def red(image):
    """Return the columns that are red somewhere."""
    r, g, b = np.moveaxis(image.astype(int), -1, 0)
    return np.flatnonzero(((r > 180) & (g < 90) & (b < 90)).any(axis=0))


def test_only_the_lower_edge_is_written_on():
    image = with_caption(PIXELS, "search", time=1.2, force=5.0)
    above = slice(0, 480 - round(480 * BAR))
    np.testing.assert_array_equal(image[above], PIXELS[above])
    assert image[above.stop :].std() > 10.0 and (PIXELS == 90).all()


@pytest.mark.parametrize(("force", "part"), [(0.0, 0.0), (10.0, 0.5), (20.0, 1.0), (90.0, 1.0)])
def test_the_gauge_is_filled_in_proportion(force, part):
    columns = red(with_caption(PIXELS, "", force=force, full_force=20.0))
    assert len(columns) == pytest.approx(part * GAUGE * 640, abs=3)


def test_what_is_not_known_is_not_written():
    assert with_caption(PIXELS, "")[-2:].std() == with_caption(PIXELS, "").reshape(-1, 3)[-1].std()
    assert not len(red(with_caption(PIXELS, "approach", time=0.0)))
