# SPDX-License-Identifier: Apache-2.0
import sys
from types import ModuleType

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.viewer.scene_pictures.video_file import VideoFile


def test_a_film_holds_its_pictures(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "film.mp4"
    with VideoFile(path, 12.5) as film:
        for grey in (0, 100, 200):
            film.add(np.full((121, 161, 3), grey, np.uint8))
    with av.open(str(path)) as file:
        assert float(file.streams.video[0].average_rate) == 12.5
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert [frame.shape for frame in frames] == [(120, 160, 3)] * 3
    assert [frame.mean() for frame in frames] == pytest.approx([0, 100, 200], abs=4)


def test_a_film_without_pictures_is_closed(tmp_path):
    pytest.importorskip("av")
    with VideoFile(tmp_path / "film.mp4", 25.0):
        pass


def test_what_cannot_be_written_is_told(tmp_path, monkeypatch):
    with pytest.raises(InvalidInput, match=r"video: got .*film\.gif, expected .* ends in \.mp4"):
        VideoFile(tmp_path / "film.gif", 25.0)
    monkeypatch.setitem(sys.modules, "av", ModuleType("av"))
    with pytest.raises(InvalidInput, match="No such file"):
        VideoFile(tmp_path / "missing" / "film.mp4", 25.0)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(InvalidInput, match="pip install av, or ask for frames"):
        VideoFile(tmp_path / "film.mp4", 25.0)
