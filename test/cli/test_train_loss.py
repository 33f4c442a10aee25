# SPDX-License-Identifier: Apache-2.0
"""`vi-ik train --loss`: a choice that one family has."""

import json

import pytest

from vi_ik_ros.cli.main import BAD_INPUT, main
from vi_ik_ros.kinematics.share import share_dir

OBJECTIVES = share_dir() / "config" / "objectives" / "planar3_position.yaml"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--loss", "source"), "--loss: got source, expected none with the default family"),
        (("--loss", "likelihood", "--family", "cvae"), "--loss: got likelihood, expected none"),
        (("--loss", "mse", "--family", "inn"), "--loss: got mse, expected one of likelihood, sour"),
    ],
)
def test_a_loss_that_cannot_be_had_ends_in_one_line(tmp_path, capsys, words, line):
    code = main(["train", str(OBJECTIVES), "--out", str(tmp_path / "model"), *words])
    written = capsys.readouterr()
    assert (code, written.out, written.err.count("\n")) == (BAD_INPUT, "", 1)
    assert line in written.err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_network_trained_by_the_losses_of_the_source_has_no_density(tmp_path, capsys):
    words = ["--family", "inn", "--loss", "source", "--steps", "3", "--width", "16", "--json"]
    assert main(["train", str(OBJECTIVES), "--out", str(tmp_path / "model"), *words]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert "elbo" not in scores
    assert "mmd" in scores
    document = json.loads((tmp_path / "model" / "model.json").read_text())
    assert document["training"]["settings"]["loss"] == "source"
