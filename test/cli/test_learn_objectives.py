# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
import yaml
from mcap_ros2.writer import Writer

from vi_ik_ros.cli.main import main
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.inference.demonstrations.learn_experts import LearnSettings
from vi_ik_ros.sampling.store.trainer.demonstration_store import DemonstrationStore
from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase
from vi_ik_ros.sampling.training.objective_learning import learn_objectives, product_density

OBJECTIVES = """
robot: planar2
objectives:
  - name: tip
    transform: {type: position, frame: tip, axes: [x, y]}
    density: {type: normal, std: 0.5}
  - name: limits
    transform: {type: configuration}
    density: {type: normal_cdf, lower: joint_limits, upper: joint_limits, std: 0.05}
"""


@pytest.fixture
def files(tmp_path):
    """40 configurations with the tip near (1.0, 1.2), and a file that leaves that open."""
    rng = np.random.default_rng(0)
    x, y = 1.0 + 0.05 * rng.standard_normal(40), 1.2 + 0.05 * rng.standard_normal(40)
    bend = np.arccos((x**2 + y**2 - 2) / 2) * rng.choice([-1, 1], 40)
    shoulder = np.arctan2(y, x) - np.arctan2(np.sin(bend), 1 + np.cos(bend))
    np.savez(
        tmp_path / "d.npz", q=np.stack([bend, shoulder], 1), joint_names=["joint_2", "joint_1"]
    )
    (tmp_path / "o.yaml").write_text(OBJECTIVES)
    return tmp_path


@pytest.fixture
def write_recording():
    """Write rows (N, n) as messages of one topic, as a bag has them."""

    def write(path, topic, names, rows):
        text = "string[] name\nfloat64[] position\n"
        with path.open("wb") as file, Writer(file) as writer:
            schema = writer.register_msgdef("sensor_msgs/msg/JointState", text)
            for number, row in enumerate(rows):
                message = {"name": names, "position": list(row)}
                writer.write_message(topic, schema, message, log_time=number)

    return write


@pytest.fixture
def run(files, capsys, monkeypatch):
    monkeypatch.chdir(files)
    settings = LearnSettings(12, 4000, 20, 6, 4000)  # enough for the plane
    for module in (learn_objectives, product_density):
        monkeypatch.setattr(module, "settings_for", lambda *sizes: settings)
        monkeypatch.setattr(module, "NUM_POINTS", 10_000)

    def call(*words, demos="d.npz", objectives="o.yaml", out="f.yaml"):
        code = main(["learn-objectives", demos, objectives, "--out", out, *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_a_file_comes_out_that_can_be_trained(run, files):
    code, text, err = run("--learn", "tip.mean,tip.std", "--json", "--seed", "3")
    answer = json.loads(text)
    assert code == 0 and "step 1" in err
    assert answer["learned"]["tip.mean"]["value"] == pytest.approx([1.0, 1.2], abs=0.03)
    assert answer["learned"]["tip.std"]["value"] == pytest.approx(0.05, abs=0.02)
    assert answer["held_out"]["stderr"] > 0.0 and answer["converged"] is True
    objectives = load_objectives(files / "f.yaml")
    assert objectives.context_entries == ()
    tip = yaml.safe_load((files / "f.yaml").read_text())["objectives"][0]["density"]
    assert tip == {
        "type": "normal",
        "std": answer["learned"]["tip.std"]["value"],
        "mean": answer["learned"]["tip.mean"]["value"],
    }
    words = ("train", "f.yaml", "--out", "model", "--family", "gaussian", "--components", "2")
    assert main([*words, "--steps", "1"]) == 0


def test_a_table_for_people_names_what_was_open(run):
    code, text, _ = run("--holdout", "0", "--steps", "1", "--components", "4")
    assert code == 0
    assert "tip.mean" in text and "tip.std" not in text and "held-out" not in text


def test_frames_are_compared(run):
    code, text, err = run("--frames", "tip=link_2,tip", "--learn", "tip.mean,tip.std", "--json")
    answer = json.loads(text)
    assert code == 0 and "link_2: step 1" in err
    assert answer["frames"]["tip"]["value"] > answer["frames"]["link_2"]["value"]


def test_a_recording_counts_an_arm_at_rest_once(run, files, write_recording):
    with np.load(files / "d.npz") as arrays:
        q, names = arrays["q"], arrays["joint_names"].tolist()
    rest = np.repeat(q[:1], 500, axis=0)
    write_recording(files / "d.mcap", "/js", ["gripper", *names], np.insert([*rest, *q], 0, 0.0, 1))
    words = ("--holdout", "0", "--steps", "1", "--components", "4", "--json")
    code, text, err = run(*words, "--topic", "/js", demos="d.mcap")
    answer = json.loads(text)
    kept = answer["num_demonstrations"]
    assert code == 0 and 20 < kept <= 40
    assert f"{kept} of 540 kept" in err
    assert f"{kept} configurations of d.mcap" in (files / "f.yaml").read_text()


def test_the_file_of_a_trainer_is_read_while_it_runs(run, files):
    with np.load(files / "d.npz") as arrays:
        q, names = arrays["q"], arrays["joint_names"].tolist()
    database = TrainerDatabase(files / "work")
    store = DemonstrationStore(database, distance=0.0)
    for row in q:
        store.record(0, names, row)
    words = ("--holdout", "0", "--steps", "1", "--components", "4", "--json")
    code, text, _ = run(*words, demos="work/trainer.sqlite")
    assert (code, json.loads(text)["num_demonstrations"]) == (0, 40)
    database.close()


@pytest.mark.parametrize(
    ("words", "files_given", "parts"),
    [
        (("--learn", "tip.men"), {}, ("learn", "tip.men", "did you mean tip.mean")),
        (("--learn", ","), {}, ("--learn", "hand.mean,hand.std")),
        (("--frames", "tip"), {}, ("--frames", "tip", "hand=")),
        (("--frames", "tip=elbow"), {}, ("frame", "elbow")),
        (("--holdout", "1"), {}, ("--holdout", "1", "0.9")),
        (("--steps", "0"), {}, ("--steps", "0")),
        (("--components", "0"), {}, ("--components", "0")),
        (("--seed", "-1"), {}, ("--seed", "-1")),
        ((), {"out": "none/f.yaml"}, ("--out", "none/f.yaml", "directory")),
        (("--topic", "/js"), {}, ("--topic", "/js", "only .mcap files")),
        ((), {"demos": "d.bag"}, ("d.bag", "got .bag", ".csv", ".mcap")),
        ((), {"demos": "none.mcap"}, ("none.mcap", "got nothing", "exists")),
        ((), {"demos": "none.sqlite"}, ("none.sqlite", "unable to open")),
        ((), {"demos": "none.csv"}, ("none.csv", "got nothing", "exists")),
        ((), {"objectives": "none.yaml"}, ("none.yaml",)),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(run, files, words, files_given, parts):
    code, out, err = run(*words, **files_given)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("vi-ik learn-objectives")
    assert all(part in err for part in parts), err
    assert sorted(p.name for p in files.iterdir()) == ["d.npz", "o.yaml"]
