# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from vi_ik_ros.cli.main import main
from vi_ik_ros.kinematics.robot_model import RobotModel

POSE = ["0.45", "0.05", "0.35", "1", "0", "0", "0"]
KEYS = {"q", "log_prob", "component", "position_error", "orientation_error", "converged"}
KEYS |= {"joint_names", "iterations"}


@pytest.fixture(scope="module")
def store(tmp_path_factory, write_tiny_model):
    root = tmp_path_factory.mktemp("store")
    write_tiny_model(root, "tiny", seed=1)
    write_tiny_model(root, "spot", kind="position", seed=2)
    return root


@pytest.fixture
def run(store, capsys):
    def call(*words):
        code = main([*words[:1], "--store", str(store), *words[1:]])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_sample_writes_the_promised_arrays(run, tmp_path):
    out = tmp_path / "q.npz"
    options = ("-n", "4", "--seed", "3", "--out", str(out))
    code, table, _ = run("sample", "tiny", *options, "--target", *POSE)
    assert code == 0
    assert "4 rows" in table
    arrays = np.load(out)
    assert set(arrays.files) >= KEYS
    robot = RobotModel.load("panda")
    assert arrays["q"].shape == (4, 7)
    assert robot.within_limits(arrays["q"]).all()
    assert arrays["joint_names"].tolist() == list(robot.joint_names)
    for key in KEYS - {"q", "joint_names"}:
        assert arrays[key].shape == (4,)
    error = np.linalg.norm(robot.forward(arrays["q"])[:, :3, 3] - [0.45, 0.05, 0.35], axis=1)
    np.testing.assert_allclose(arrays["position_error"], error, atol=1e-9)


def test_density_of_samples_is_their_log_prob(run, tmp_path):
    out, q, lp = (tmp_path / name for name in ("s.npz", "q.npy", "lp.npy"))
    run("sample", "tiny", "-n", "6", "--seed", "3", "--out", str(out), "--target", *POSE)
    drawn = np.load(out)
    np.save(q, np.vstack([drawn["q"], np.full((1, 7), 9.0)]))
    code, text, _ = run(
        "density",
        "tiny",
        "--configurations",
        str(q),
        "--out",
        str(lp),
        "--json",
        "--context",
        *POSE,
    )
    assert code == 0
    values = np.load(lp)
    np.testing.assert_allclose(values[:6], drawn["log_prob"], atol=1e-6)
    assert values[6] == -np.inf
    assert json.loads(text)["log_prob"][6] is None


def test_what_was_drawn_at_a_temperature_has_its_density_at_it(run, tmp_path):
    out, q = tmp_path / "s.npz", tmp_path / "q.npy"
    cold = ("--temperature", "0.3")
    run("sample", "tiny", "-n", "6", "--seed", "3", *cold, "--out", str(out), "--target", *POSE)
    drawn = np.load(out)
    np.save(q, drawn["q"])
    density = ("density", "tiny", "--configurations", str(q), "--json", "--context", *POSE)
    at_its_own = json.loads(run(*density, *cold)[1])["log_prob"]
    as_trained = json.loads(run(*density)[1])["log_prob"]
    np.testing.assert_allclose(at_its_own, drawn["log_prob"], atol=1e-6)
    assert np.mean(at_its_own) > np.mean(as_trained)


def test_a_target_unlike_the_training_is_told_in_every_form(run, tmp_path):
    out = tmp_path / "s.npz"
    far = ("--target", "2.0", "0", "0.5", "1", "0", "0", "0")
    code, text, remark = run("sample", "tiny", "-n", "2", "--out", str(out), "--json", *far)
    assert code == 0
    assert "remark: unlike the contexts that the model was trained on" in remark
    data, arrays = json.loads(text), np.load(out)
    assert data["out_of_distribution"] == arrays["out_of_distribution"].tolist() == [True]
    assert arrays["context_distance"][0] > arrays["context_distance_limit"]
    assert data["context_distance"] == arrays["context_distance"].tolist()


def test_refined_sample_converges_and_seed_repeats_it(run):
    words = ("sample", "tiny", "-n", "3", "--seed", "5", "--refine", "--json", "--target", *POSE)
    first, second = (json.loads(run(*words)[1]) for _ in range(2))
    assert all(first["converged"])
    assert max(first["position_error"]) < 1e-4
    assert first["q"] == second["q"]


def test_many_targets_come_from_a_csv_file(run, tmp_path):
    path = tmp_path / "targets.csv"
    path.write_text(
        "x,y,z,qx,qy,qz,qw\n# two of them\n0.45,0.05,0.35,1,0,0,0\n0.3,0.3,0.4,0,1,0,0\n"
    )
    data = json.loads(run("sample", "tiny", "-n", "2", "--json", "--targets", str(path))[1])
    assert data["counts"] == [2, 2]
    assert data["target"] == [0, 0, 1, 1]


def test_position_model_takes_three_numbers(run):
    code, text, _ = run("sample", "spot", "-n", "2", "--refine", "--json", "--target", *POSE[:3])
    assert code == 0
    assert all(json.loads(text)["converged"])


@pytest.mark.parametrize(
    ("rows", "part"),
    [("1,2\n", "2 numbers"), ("x,y,z\n1,2,z\n", ":2: got 1,2,z"), ("", "no rows")],
)
def test_bad_csv_is_told_with_its_line(run, tmp_path, rows, part):
    path = tmp_path / "targets.csv"
    path.write_text(rows)
    code, out, err = run("sample", "tiny", "--targets", str(path))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert part in err


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("sample", "tiny"), ("context", "7 numbers")),
        (("sample", "tiny", "-n", "0", "--target", *POSE), ("num_samples", "0")),
        (
            ("sample", "tiny", "--temperature", "3", "--target", *POSE),
            ("temperature: got 3.0", "0.001 to 2.0"),
        ),
        (("sample", "tiny", "--target", *POSE[:3], "1", "1", "0", "0"), ("targets[0]", "unit")),
        (("sample", "tiny", "--target", "nan", *POSE[1:]), ("targets[0]", "nan", "finite")),
        (("sample", "tinny", "--target", *POSE), ("model", "tinny", "tiny")),
    ],
)
def test_bad_request_is_one_line_and_exit_code_2(run, words, parts):
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    for part in parts:
        assert part in err


@pytest.mark.parametrize(
    ("array", "part"),
    [
        (np.zeros((2, 6)), "7 columns"),
        (np.zeros(7), "(N, nq)"),
        (np.full((1, 7), np.nan), "row 0"),
        (np.array([["a"]]), "numbers"),
    ],
)
def test_bad_configurations_are_told(run, tmp_path, array, part):
    path = tmp_path / "q.npy"
    np.save(path, array)
    code, _, err = run("density", "tiny", "--configurations", str(path), "--target", *POSE)
    assert (code, err.count("\n")) == (2, 1)
    assert part in err


def test_models_lists_the_refused_with_their_reason(run, store):
    broken = store / "broken"
    broken.mkdir()
    (broken / "model.json").write_text("{}")
    _, text, _ = run("models", "--json")
    models = {model["name"]: model for model in json.loads(text)["models"]}
    assert "whole model" in models["broken"]["refusal"]
    assert models["tiny"]["num_components"] == 4
    assert models["spot"]["context"][0]["kind"] == "position"
    _, table, _ = run("models")
    assert "refused" in table
    assert "amortized" in table
