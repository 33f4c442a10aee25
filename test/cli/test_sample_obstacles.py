# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.cli.main import main
from vi_ik_ros.kinematics.collisions.clearance import LinkClearance
from vi_ik_ros.kinematics.collisions.solids import HalfSpace
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.warm_start.obstacles import read_obstacles

POSE = ("--target", "0.45", "0.05", "0.35", "1", "0", "0", "0")
TABLE = "obstacles:\n  - {type: half_space, point: [0, 0, 0], normal: [0, 0, 1]}\n"


@pytest.fixture
def run(tmp_path, write_tiny_model, capsys):
    write_tiny_model(tmp_path / "store", "tiny", seed=1)

    def call(text: str, *words: str):
        (tmp_path / "obstacles.yaml").write_text(text)
        place = ("--store", str(tmp_path / "store"))
        file = ("--obstacles", str(tmp_path / "obstacles.yaml"))
        code = main(["sample", *place, "tiny", *POSE, *file, *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_rows_keep_off_the_solids_of_a_file(run, tmp_path):
    out = tmp_path / "q.npz"
    words = ("-n", "30", "--seed", "1", "--obstacle-margin", "0.05", "--out", str(out))
    code, table, _ = run(TABLE, *words)
    assert code == 0 and "draws kept off the" in " ".join(table.split())
    arrays = np.load(out)
    table = HalfSpace((0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    found = LinkClearance(RobotModel.load("panda")).distance_to([table])(arrays["q"])
    assert len(found) == 30 and found.min() > 0.05
    assert 0 < arrays["survived"][0] < arrays["checked"][0]
    assert arrays["log_weight"].shape == (30,) and arrays["ess"].shape == (1,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE.replace("half_space", "plane"), "obstacles[0].type: got plane"),
        ("obstacles: [{type: sphere, center: [0, 0, 0]}]", "obstacles[0].radius: got nothing"),
        ("spheres: []", "spheres: got an unknown key"),
        ("obstacles: 3", "obstacles: got 3"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(run, text, words):
    code, _, error = run(text)
    assert code == 2
    assert words in error and error.count("\n") == 1


def test_an_objectives_file_has_solids_in_the_same_words():
    document = read_yaml(share_dir() / "config" / "objectives" / "panda_over_table.yaml")
    clearance = next(o for o in document["objectives"] if o["name"] == "clearance")
    assert len(read_obstacles(clearance["transform"]["obstacles"])) == 3
