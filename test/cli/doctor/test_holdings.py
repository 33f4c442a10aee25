# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from vi_ik_ros.cli.doctor import holdings
from vi_ik_ros.cli.doctor.finding import State
from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.robot_model import RobotModel


def test_models_are_read_whole_and_damaged_ones_have_their_reason(tmp_path, write_tiny_model):
    write_tiny_model(tmp_path, "whole", seed=1)
    write_tiny_model(tmp_path, "torn", seed=1)
    weights = tmp_path / "torn" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    found = {one.name: one for one in holdings.model_findings(tmp_path)}
    assert str(tmp_path) in found["store"].detail
    assert found["whole"].state is State.OK and "panda" in found["whole"].detail
    assert found["torn"].state is State.WARNING and "weights" in found["torn"].detail
    assert found["panda_pose"].state is State.OK  # shipped


def test_store_without_any_model_fails(tmp_path, monkeypatch):
    monkeypatch.setattr("vi_ik_ros.sampling.store.model_store.share_dir", lambda: tmp_path)
    found = {one.name: one for one in holdings.model_findings(tmp_path / "none")}
    assert found["models"].state is State.FAILED
    assert "made by the first training" in found["store"].detail


def test_every_alias_is_a_robot():
    (found,) = holdings.robot_findings()
    assert found.state is State.OK and "panda" in found.detail


@pytest.mark.parametrize("error", [RobotError("robot", "panda", "x"), ValueError("no\nmesh")])
def test_robot_that_cannot_be_loaded_is_named_with_the_reason(monkeypatch, error):
    load = RobotModel.load

    def refuse(alias):
        if alias == "panda":
            raise error
        return load(alias)

    monkeypatch.setattr(RobotModel, "load", refuse)
    bad, good = holdings.robot_findings()
    assert (bad.name, bad.state) == ("panda", State.WARNING)
    assert "\n" not in bad.detail and bad.detail
    assert "panda" not in good.detail.split(", ")


def test_directory_that_is_not_there_is_looked_for_above_and_not_made(tmp_path):
    found = holdings.directory_finding("data", tmp_path / "a" / "b", "no trainer")
    assert found.state is State.OK and "GB free" in found.detail
    assert list(tmp_path.iterdir()) == []


def test_directory_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    found = holdings.directory_finding("data", tmp_path / "file" / "b", "no trainer")
    assert found.state is State.WARNING
    assert found.detail.endswith("file is a file") and found.remedy.startswith("no trainer: ")


def test_directory_that_is_read_only_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(holdings.os, "access", lambda path, mode: Path(path) != tmp_path)
    found = holdings.directory_finding("data", tmp_path / "b", "no trainer")
    assert found.state is State.WARNING and "not to be written" in found.detail
