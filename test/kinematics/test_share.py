# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics import share


def install(prefix: Path) -> Path:
    """Make a prefix look as if the package were installed there."""
    directory = prefix / "share" / "vi_ik_ros"
    (directory / "config").mkdir(parents=True)
    (directory / "config" / "robots.yaml").write_text("{}")
    return directory


@pytest.fixture
def no_checkout(tmp_path, monkeypatch):
    """A package that lies in site-packages, without config/ beside it, and no prefix."""
    monkeypatch.setattr(share, "__file__", str(tmp_path / "lib/vi_ik_ros/kinematics/share.py"))
    monkeypatch.setattr(share.sys, "prefix", str(tmp_path / "python"))
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)


def test_the_share_directory_has_robots(monkeypatch):
    assert (share.share_dir() / "urdf" / "panda.urdf").is_file()


@pytest.mark.usefixtures("no_checkout")
def test_ament_wins_over_the_python_prefix(tmp_path, monkeypatch):
    python = install(tmp_path / "python")
    assert share.share_dir() == python
    ament = install(tmp_path / "ament")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path / 'empty'}:{tmp_path / 'ament'}")
    assert share.share_dir() == ament


@pytest.mark.usefixtures("no_checkout")
def test_a_checkout_wins_over_all(tmp_path, monkeypatch):
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "ament"))
    install(tmp_path / "ament")
    (tmp_path / "lib" / "config").mkdir(parents=True)
    (tmp_path / "lib" / "config" / "robots.yaml").write_text("{}")
    assert share.share_dir() == tmp_path / "lib"


@pytest.mark.usefixtures("no_checkout")
def test_nothing_found_names_the_places(tmp_path):
    with pytest.raises(RobotError, match="python"):
        share.share_dir()
