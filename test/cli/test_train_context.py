# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from vi_ik_ros.cli.main import BAD_INPUT, OK, main
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.documents.fill_context import fill_context
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.yaml_document import read_yaml

FILE = share_dir() / "config" / "objectives" / "planar3_position.yaml"


@pytest.mark.slow
def test_a_filled_context_makes_an_unconditional_model(tmp_path, capsys):
    words = ["train", str(FILE), "--context", "1.0", "0.5", "--out", str(tmp_path / "here")]
    code = main([*words, "--family", "gaussian", "--components", "2", "--steps", "5", "--json"])
    assert code == OK, capsys.readouterr().err
    model = json.loads((tmp_path / "here" / "model.json").read_text())
    assert model["context"] == [] and model["objectives"]["context"] == []
    filled = load_objectives(fill_context(read_yaml(FILE), [1.0, 0.5]))
    assert model["objectives_digest"] == filled.digest


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["1.0"], ["context: got 1 number,", "expected 2 (tip.mean 2)"]),
        (["1", "2", "3"], ["context: got 3 numbers", "expected 2 (tip.mean 2)"]),
        (["nan", "1"], ["objectives[0].density.mean", "2 finite numbers", "tip"]),
        (["x"], ["--context: got x", "a number"]),
    ],
)
def test_a_context_that_does_not_fit_is_refused(tmp_path, capsys, values, words):
    code = main(["train", str(FILE), "--out", str(tmp_path / "m"), "--context", *values])
    out, err = capsys.readouterr()
    assert (code, out) == (BAD_INPUT, "") and err.count("\n") == 1
    assert all(word in err for word in words), err
