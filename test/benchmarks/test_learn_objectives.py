# SPDX-License-Identifier: Apache-2.0
import copy
import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.benchmarks.learn_objectives import learn_objectives as benchmark
from vi_ik_ros.benchmarks.learn_objectives.hidden_task import (
    FIELDS,
    HEIGHT,
    POSE,
    hidden_document,
    open_document,
    task_errors,
)
from vi_ik_ros.benchmarks.learn_objectives.learn_objectives import LIKELIHOOD, SHORTFALL, Judge
from vi_ik_ros.sampling.inference.demonstrations.learn_experts import LearnSettings
from vi_ik_ros.sampling.training.objective_learning import learn_objectives, product_density


@pytest.fixture
def little(monkeypatch):
    """The same code on a small mixture and few rows."""

    def settings_for(num_dims, num_components=None):
        return LearnSettings(12, 20_000, 30, 4, 3000)

    for module in (learn_objectives, product_density):
        monkeypatch.setattr(module, "settings_for", settings_for)
        monkeypatch.setattr(module, "NUM_POINTS", 5000)
    monkeypatch.setattr(benchmark, "NUM_DEMONSTRATIONS", (20,))
    monkeypatch.setattr(benchmark, "QUICK_SEEDS", 1)
    monkeypatch.setattr(benchmark, "NUM_TESTS", 100)


def test_the_file_to_be_learned_tells_none_of_the_numbers():
    hidden, known = hidden_document(), open_document()
    for item, told in zip(hidden["objectives"][:2], known["objectives"][:2], strict=True):
        assert "mean" in item["density"] and "mean" not in told["density"]
    assert known["objectives"][0]["density"]["std"] == {"position": 1.0, "orientation": 1.0}
    assert known["objectives"][2] == hidden["objectives"][2]
    assert {name.split(".")[0] for name in FIELDS} == {"hand", "elbow"}


def test_errors_are_distances_and_ratios():
    assert task_errors(hidden_document()) == pytest.approx(
        dict.fromkeys(task_errors(hidden_document()), 0.0)
        | {metric: 1.0 for metric in task_errors(hidden_document()) if "learned / true" in metric}
    )
    document = copy.deepcopy(hidden_document())
    hand, elbow = (item["density"] for item in document["objectives"][:2])
    turned = Rotation.from_rotvec([0.0, 0.0, math.radians(5.0)]) * Rotation.from_quat(POSE[3:])
    hand["mean"] = [POSE[0] + 0.003, POSE[1], POSE[2] - 0.004, *(-turned.as_quat())]
    hand["std"] = {"position": 0.01, "orientation": 0.15}
    elbow["mean"] = [HEIGHT - 0.02]
    found = task_errors(document)
    assert found["position error [mm]"] == pytest.approx(5.0)
    assert found["orientation error [deg]"] == pytest.approx(5.0)
    assert found["elbow height error [mm]"] == pytest.approx(20.0)
    assert found["position std, learned / true"] == pytest.approx(0.5)
    assert found["orientation std, learned / true"] == pytest.approx(1.5)


def test_the_judge_compares_row_by_row():
    judge = Judge(np.zeros((3, 7)), np.array([1.0, 2.0, 3.0]), 0.1)
    figures = judge.figures(np.array([0.5, 2.0, 2.0]))
    assert figures == {LIKELIHOOD: pytest.approx(1.5), SHORTFALL: pytest.approx(0.5)}


@pytest.mark.slow
def test_the_task_is_learned_better_than_what_knows_no_robot(little):
    report = benchmark.run(quick=True)
    rows = {(row.case, row.metric): row for row in report.rows}
    assert report.bench == "learn-objectives" and report.seeds == [0]
    assert all(np.isfinite(row.value) for row in report.rows)
    ours = rows["ours, 20 demonstrations", LIKELIHOOD].value
    for peer in ("Gaussian mixture", "one Gaussian", "kernel density"):
        assert ours > rows[f"{peer}, 20 demonstrations", LIKELIHOOD].value + 1.0
    assert ours < rows[benchmark.TRUTH, LIKELIHOOD].value + 0.1
    shortfall = rows["ours, 20 demonstrations", SHORTFALL]
    assert (shortfall.reference, shortfall.reference_source) == (0.25, benchmark.ASYMPTOTIC)
    assert rows["ours, 20 demonstrations", "position error [mm]"].value < 20.0
    assert rows["ours, 20 demonstrations", "position std, learned / true"].value < 1.5
