# SPDX-License-Identifier: Apache-2.0
"""`--plot` of `vi-ik train` and `vi-ik models`: the curve of a fit as a picture."""

import json

import pytest
from matplotlib.image import imread

from vi_ik_ros.cli.main import BAD_INPUT, main
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.store.curves.curve_file import CURVE_FILE
from vi_ik_ros.sampling.store.model_store import ModelStore

OBJECTIVES = share_dir() / "config" / "objectives" / "planar2_line.yaml"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A fit of some updates, and its picture."""
    place = tmp_path_factory.mktemp("fits")
    words = ["--out", str(place / "line"), "--components", "2", "--steps", "20", "--seed", "1"]
    assert main(["train", str(OBJECTIVES), *words, "--plot", str(place / "first.png")]) == 0
    return place


def refused(capsys, *words):
    code = main([str(word) for word in words])
    written = capsys.readouterr()
    assert (code, written.out, written.err.count("\n")) == (BAD_INPUT, "", 1)
    return written.err


def test_a_fit_is_drawn_at_its_end_and_from_the_store_in_the_same_way(trained, tmp_path, capsys):
    words = ["models", str(trained / "line"), "--plot", str(tmp_path / "again.png"), "--json"]
    assert main(words) == 0
    (row,) = json.loads(capsys.readouterr().out)["models"]
    assert (row["name"], row["family"]) == ("line", "banana")
    first, again = imread(trained / "first.png"), imread(tmp_path / "again.png")
    assert first.shape == again.shape and (first == again).all()
    assert first[..., :3].std() > 0.05


def test_a_name_in_the_store_is_taken_as_well(trained, tmp_path, capsys):
    words = ["models", "line", "--store", str(trained), "--plot", str(tmp_path / "curve.png")]
    assert main(words) == 0
    assert "line" in capsys.readouterr().out and (tmp_path / "curve.png").exists()


def test_a_model_without_a_curve_ends_in_one_line(tmp_path, capsys):
    line = refused(capsys, "models", "panda_pose", "--plot", tmp_path / "curve.png")
    assert "--plot: got panda_pose, which keeps no training curve, expected a model of a" in line
    assert not list(tmp_path.iterdir())


def test_a_damaged_curve_ends_in_one_line(trained, tmp_path, capsys):
    store = ModelStore(tmp_path)
    stored = ModelStore().load(trained / "line")
    store.write(tmp_path / "line", stored.model, stored.document)
    (tmp_path / "line" / CURVE_FILE).write_text("update,done")
    line = refused(capsys, "models", tmp_path / "line", "--plot", tmp_path / "curve.png")
    assert "training_curve.csv: got another file" in line
    assert main(["models", str(tmp_path / "line")]) == 0


@pytest.mark.parametrize("place", ["nowhere/curve.png", "."])
def test_a_place_where_nothing_can_be_written_is_refused_before_any_training(
    tmp_path, monkeypatch, capsys, place
):
    monkeypatch.chdir(tmp_path)
    words = ["--out", tmp_path / "line", "--steps", 5, "--plot", place]
    assert "--plot: got " in refused(capsys, "train", OBJECTIVES, *words)
    assert "--plot: got " in refused(capsys, "models", "panda_pose", "--plot", place)
    assert not list(tmp_path.iterdir())


def test_a_picture_is_of_one_model(tmp_path, capsys):
    line = refused(capsys, "models", "--plot", tmp_path / "curve.png")
    assert "--plot" in line and "expected MODEL beside it" in line


def test_a_model_that_is_not_there_is_named(tmp_path, capsys):
    line = refused(capsys, "models", "nobody", "--store", tmp_path)
    assert "model: got nobody, expected" in line
