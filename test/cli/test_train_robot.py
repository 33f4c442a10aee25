# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from vi_ik_ros.cli.main import BAD_INPUT, OK, main
from vi_ik_ros.kinematics.share import share_dir

FILE = str(share_dir() / "config" / "objectives" / "planar3_position.yaml")


@pytest.mark.slow
def test_a_robot_alone_can_be_trained(tmp_path, capsys):
    words = ["train", "--robot", "racer5", "--tip", "link_5", "--out", str(tmp_path / "here")]
    code = main([*words, "--components", "2", "--steps", "3", "--width", "16", "--json"])
    assert code == OK, capsys.readouterr().err
    model = json.loads((tmp_path / "here" / "model.json").read_text())
    (entry,) = model["context"]
    assert (entry["kind"], entry["size"]) == ("pose", 7)
    assert model["objectives"]["objectives"][0]["transform"]["frame"] == "link_5"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["OBJECTIVES.yaml", "nothing", "--robot"]),
        ([FILE, "--robot", "panda"], ["OBJECTIVES.yaml", "panda", "in place of one"]),
        ([FILE, "--tip", "tip"], ["--tip", "none beside a file"]),
        (["--robot", "pandas"], ["robot", "pandas", "panda"]),
        (["--robot", "panda", "--tip", "hand"], ["frame", "hand"]),
    ],
)
def test_what_to_train_is_named_once_and_exists(tmp_path, capsys, words, expected):
    code = main(["train", *words, "--out", str(tmp_path / "m")])
    out, err = capsys.readouterr()
    assert (code, out) == (BAD_INPUT, "") and err.count("\n") == 1
    assert all(word in err for word in expected), err
