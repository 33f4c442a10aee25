# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from vi_ik_ros.cli.main import main
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.store.document import describe_robot
from vi_ik_ros.sampling.store.model_store import ModelStore

LIMITS = {"name": "joint_limits", "transform": {"type": "configuration"}, "density": {"std": 0.05}}
NO_CONTEXT = np.empty((1, 0))


def objective(name: str, mean: float) -> dict:
    density = {"type": "normal", "mean": [mean], "std": [0.1]}
    return {"name": name, "transform": {"type": "position", "frame": "tip"}, "density": density}


def write(root, name, loc, std=0.3, own=None, *, robot="planar2", family=GaussianMixture) -> None:
    """Store a mixture of round components at loc (K, D)."""
    model, loc = RobotModel.load(robot), np.array(loc, dtype=np.float64)
    K, D = loc.shape
    parts = {
        "log_weights": np.zeros(K),
        "loc": loc,
        "scale_tril": np.tile(std * np.eye(D), (K, 1, 1)),
    }
    if family is BananaMixture:
        parts |= {"direction": np.tile(np.eye(D)[0], (K, 1, 1))}
        parts |= {"curvature": np.tile(np.diag(np.arange(D) > 0), (K, 1, 1, 1))}
    objectives = {"robot": robot, "objectives": [own, LIMITS] if own else [], "context": []}
    document = {"robot": describe_robot(model), "objectives": objectives}
    mixture = family(**parts, lower=model.lower, upper=model.upper)
    ModelStore(root).write(root / name, mixture, document)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tmp_path_factory.mktemp("store")
    write(root, "near", [[0.8, 0.2], [1.5, -0.5]], own=objective("line", 1.0))
    write(root, "left", [[1.0, 0.0], [2.5, 2.0]], own=objective("line", 0.5))
    write(root, "far", [[2.9, -2.9]], std=0.01)
    write(root, "bent", [[1.0, 0.0], [1.2, 0.5]], family=BananaMixture)
    write(root, "other", [[0.5, 0.5, 0.5]], robot="planar3")
    return root


@pytest.fixture
def run(store, capsys):
    def call(*words):
        code = main([*words[:1], "--store", str(store), *words[1:]])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.parametrize("name", ["near", "bent"])
def test_a_model_without_context_is_sampled_as_one_target(run, name):
    code, text, _ = run("sample", name, "-n", "5", "--seed", "2", "--json")
    answer = json.loads(text)
    assert code == 0
    assert answer["counts"] == [5]
    assert RobotModel.load("planar2").within_limits(np.array(answer["q"])).all()
    assert np.isfinite(np.array(answer["log_prob"])).all()
    assert set(answer["component"]) <= {0, 1}
    assert "5 rows" in run("sample", name, "-n", "5")[1]


def test_density_of_a_model_without_context(run, store, tmp_path):
    q = np.array([[0.8, 0.2], [2.0, 1.0]])
    np.save(tmp_path / "q.npy", q)
    _, text, _ = run("density", "bent", "--configurations", str(tmp_path / "q.npy"), "--json")
    expected = ModelStore(store).load("bent").model.log_prob(q[None], NO_CONTEXT)[0]
    np.testing.assert_allclose(json.loads(text)["log_prob"], expected)


def test_the_product_is_a_model_like_any_other(run, store, tmp_path):
    out = tmp_path / "both"
    code, text, err = run("intersect", "near", "left", "--out", str(out), "--json")
    answer = json.loads(text)
    assert (code, answer["out"]) == (0, str(out))
    both, near, left = (ModelStore(store).load(name) for name in (out, "near", "left"))
    assert answer["digest"] == both.digest
    q = np.array([[[0.9, 0.1], [1.1, -0.2]]])
    summed = sum(m.model.log_prob(q, NO_CONTEXT) for m in (near, left))
    expected = summed - answer["log_mass"]
    np.testing.assert_allclose(both.model.log_prob(q, NO_CONTEXT), expected, atol=1e-5)
    assert len(json.loads(run("sample", str(out), "-n", "5", "--json")[1])["q"]) == 5
    # What both were fitted to is told, and the document stays a readable objectives file.
    assert "joint_limits" in err and "count twice" in err
    assert answer["shared_objectives"] == ["joint_limits"]
    names = [one["name"] for one in both.document["objectives"]["objectives"]]
    assert names == ["line", "joint_limits", "line_2", "joint_limits_2"]
    parents = both.document["training"]["product_of"]
    assert [parent["digest"] for parent in parents] == [near.digest, left.digest]


def test_the_heaviest_components_stay(run, store, tmp_path):
    words = ("intersect", "near", "left", "--out", str(tmp_path / "one"), "--components", "1")
    code, text, _ = run(*words)
    assert code == 0
    assert "weight dropped" in text
    assert ModelStore(store).load(tmp_path / "one").model.num_components == 1


def test_a_contradiction_is_told(run, tmp_path):
    _, _, err = run("intersect", "near", "far", "--out", str(tmp_path / "none"))
    assert "contradict" in err and "standard deviations" in err


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("near", "bent"), ("model bent", "family banana", "closed form")),
        (("panda_pose", "near"), ("joints joint_1, joint_2", "panda_joint1")),
        (("near", "other"), ("model other", "joint_3")),
        (("near", "left", "--components", "0"), ("components", "0", "1 or more")),
        (("near", "no_such"), ("model", "no_such")),
    ],
)
def test_what_has_no_product_is_one_line_and_exit_code_2(run, tmp_path, words, parts):
    code, out, err = run("intersect", *words, "--out", str(tmp_path / "x"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    for part in parts:
        assert part in err
    assert not (tmp_path / "x").exists()


def test_connectivity_names_groups_and_edges(run):
    code, text, _ = run("connectivity", "near", "--json")
    answer = json.loads(text)
    distance = np.hypot(0.7, 0.7) / 0.3
    assert (code, answer["num_groups"], answer["groups"]) == (0, 1, [0, 0])
    (edge,) = answer["edges"]
    assert edge["components"] == [0, 1]
    assert edge["similarity"] == pytest.approx(np.exp(-(distance**2) / 4), rel=1e-5)
    assert edge["log_overlap"] == pytest.approx(answer["log_overlap"][0][1])
    answer = json.loads(run("connectivity", "left", "--json")[1])
    assert (answer["num_groups"], answer["edges"]) == (2, [])


def test_connectivity_prints_a_table(run):
    _, text, _ = run("connectivity", "near")
    assert "2 components, 1 edge, 1 connected group at similarity 0.01" in text
    assert "1 (0.07)" in text
    assert "2 connected groups" in run("connectivity", "left")[1]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("bent",), ("model", "family banana", "closed form")),
        (("panda_pose",), ("family amortized", "for each context")),
        (("near", "--threshold", "0"), ("threshold", "0.0", "above 0")),
    ],
)
def test_what_has_no_closed_overlap_is_refused(run, words, parts):
    code, out, err = run("connectivity", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    for part in parts:
        assert part in err
