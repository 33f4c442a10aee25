# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.training.objective_learning.written_objectives import write_objectives


def test_what_is_written_is_read(tmp_path, hidden):
    path = tmp_path / "f.yaml"
    write_objectives(path, hidden, ("Learned from\ntwo things", "by hand"))
    assert read_yaml(path) == hidden
    assert path.read_text().startswith(
        "# Learned from\n# two things\n# by hand\n\nrobot: planar2\n"
    )
    (tmp_path / "usual").touch()
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_failure_leaves_the_old_file_alone(tmp_path, hidden, monkeypatch):
    path = tmp_path / "f.yaml"
    path.write_text("old")

    def broken(handle):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        write_objectives(path, hidden)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["f.yaml"]
