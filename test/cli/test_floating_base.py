# SPDX-License-Identifier: Apache-2.0
"""A robot with a floating base on the command line: its base is a pose in every file."""

import json

import numpy as np
import pytest

from vi_ik_ros.cli.main import main
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.wire_rows import from_wire, wire_names
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.store.document import describe_robot
from vi_ik_ros.sampling.store.model_store import ModelStore


@pytest.fixture(scope="module")
def talos():
    return RobotModel.load("talos")


@pytest.fixture
def run(tmp_path, talos, capsys):
    model = GaussianMixture(
        np.zeros(1),
        talos.ready[None],
        0.05 * np.eye(talos.nq)[None],
        lower=talos.lower,
        upper=talos.upper,
    )
    posture = {"name": "posture", "transform": {"type": "configuration"}, "density": {}}
    objectives = {"robot": "talos", "objectives": [posture], "context": []}
    document = {"robot": describe_robot(talos), "objectives": objectives}
    ModelStore(tmp_path).write(tmp_path / "body", model, document)

    def call(command, *words):
        code = main([command, "body", "--store", str(tmp_path), *map(str, words)])
        return code, *capsys.readouterr()

    return call


def test_samples_carry_the_pose_of_the_base_and_density_takes_them_back(run, tmp_path, talos):
    out, rows = tmp_path / "s.npz", tmp_path / "q.npy"
    code, text, _ = run("sample", "-n", 5, "--seed", 3, "--json", "--out", out)
    assert code == 0
    written, shown = np.load(out), json.loads(text)
    assert tuple(written["joint_names"]) == wire_names(talos.joint_names)
    assert shown["q"] == written["q"].tolist()
    assert written["q"].shape == (5, talos.nq + 1)
    np.testing.assert_allclose(np.linalg.norm(written["q"][:, 3:7], axis=1), 1.0, atol=1e-12)
    for form in (written["q"], from_wire(talos, written["q"], "q")):
        np.save(rows, form)
        _, text, _ = run("density", "--configurations", rows, "--json")
        np.testing.assert_allclose(json.loads(text)["log_prob"], written["log_prob"], atol=1e-6)


def test_rows_of_another_width_are_told_the_columns(run, tmp_path, talos):
    np.save(tmp_path / "q.npy", np.zeros((2, talos.nq - 6)))
    code, _, err = run("density", "--configurations", tmp_path / "q.npy")
    assert (code, err.count("\n")) == (2, 1)
    assert "35 columns: base_x, base_y, base_z, base_qx" in err
