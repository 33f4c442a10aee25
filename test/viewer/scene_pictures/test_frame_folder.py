# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from PIL import Image

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.viewer.scene_pictures.frame_folder import FrameFolder


def test_frames_are_numbered_in_order(tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (3, 12, 16, 3), dtype=np.uint8)
    with FrameFolder(tmp_path / "a" / "b") as frames:
        for image in images:
            frames.add(image)
    files = sorted((tmp_path / "a" / "b").iterdir())
    assert [file.name for file in files] == [f"frame_000{i}.png" for i in range(3)]
    np.testing.assert_array_equal([np.asarray(Image.open(file)) for file in files], images)


def test_films_are_not_mixed(tmp_path):
    with FrameFolder(tmp_path) as frames:
        frames.add(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(InvalidInput, match="frames: got .* a directory without frame_"):
        FrameFolder(tmp_path)


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="a directory that can be made"):
        FrameFolder(tmp_path / "file")
