# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread

from vi_ik_ros.benchmarks.figures.skills import skill_learning as figures
from vi_ik_ros.benchmarks.skill_learning import skill_learning as benchmark
from vi_ik_ros.benchmarks.skill_learning.measures.rows import rival_rows
from vi_ik_ros.benchmarks.skill_learning.measures.scores import Scores
from vi_ik_ros.benchmarks.skill_learning.runs.learned import REQUIRED, Learned
from vi_ik_ros.benchmarks.skill_learning.runs.variants import VARIANTS, WARM
from vi_ik_ros.benchmarks.skill_learning.tasks.named_tasks import OTHER_TASK, named_task
from vi_ik_ros.skills.learning.methods import METHODS

SURROGATE_OPTIMUM = 0.7


def made_up(key):
    """A run that becomes better with the number of its episodes."""
    rng = np.random.default_rng([key.seed, len(key.method)])
    n, k = key.num_episodes, len(key.marks)
    d = named_task(key.task).problem.num_parameters
    r = len(REQUIRED)
    gap = 0.3 / np.arange(1, k + 1)[:, None] * rng.uniform(0.5, 1.0, (1, r))
    success = rng.random(n) < 0.5
    is_known = key.task.endswith("surrogate")
    return Learned(
        x=rng.random((n, d)),
        success=success,
        last_primitive=np.where(success, 4, 0),
        costs=np.where(success, 0.4, np.nan),
        probabilities=rng.random(n),
        seconds=np.full(n + 1, 0.01),
        marks=np.array(key.marks),
        chosen=rng.random((k, r, d)),
        told=rng.random((k, r)),
        true_costs=1.0 - SURROGATE_OPTIMUM + gap if is_known else np.full((k, r), np.nan),
        feasible=np.where(rng.random((k, r)) < 0.8, 1.0, 0.0)
        if is_known
        else np.full((k, r), np.nan),
        passed=rng.integers(11, size=(k, r)).astype(float),
        repeated=np.ones((r, 10), dtype=bool),
        repeated_costs=np.full((r, 10), 0.4) + 0.01 * rng.random((r, 10)),
        error=np.array(""),
    )


@pytest.fixture(autouse=True)
def runs(monkeypatch):
    asked = []

    def learn_all(keys, on_progress):
        asked.extend(keys)
        return {key: made_up(key) for key in keys}

    monkeypatch.setattr(benchmark, "learn_all", learn_all)
    monkeypatch.setattr(benchmark, "endurance_rows", lambda name, count: [])
    monkeypatch.setattr(benchmark, "parallel_rows", lambda: [])
    return asked


def test_every_method_and_ablation_has_rows(runs):
    report = benchmark.run(seeds=3, tasks=("surrogate",))
    assert {key.seed for key in runs} == {0, 1, 2}
    assert {(key.method, key.variant) for key in runs} >= {
        *((method, "") for method in METHODS),
        *((method, "safe_point") for method in METHODS),
        *((one.method, name) for name, one in VARIANTS.items() if one.method),
    }
    cases = {row.case for row in report.rows}
    for method in METHODS:
        assert f"surrogate: {method}" in cases
    assert "surrogate: factor_graph / pibu" in cases
    assert "surrogate: metrics_hidden" in cases
    assert "surrogate, safe start: factor_graph / eic" in cases
    assert {f"{task}, warm start, p 0.8" for task in OTHER_TASK} <= cases
    metrics = {row.metric for row in report.rows}
    for required in ("0.5", "0.8", "0.9"):
        assert f"valid at 60, p {required} [%]" in metrics
        assert f"recommended with p {required}: succeeded [%]" in metrics
    assert all(np.isfinite(row.value) for row in report.rows)


def test_warm_starts_are_scored_after_every_episode(runs):
    benchmark.run(seeds=2, tasks=(), variants=(WARM,))
    assert {(key.task, key.variant) for key in runs} == {
        (task, variant) for task in OTHER_TASK for variant in ("", WARM)
    }
    assert {len(key.marks) for key in runs} == {benchmark.WARM_EPISODES}


def test_a_wrong_edge_has_a_goal_where_it_is_looked_for(runs):
    report = benchmark.run(
        seeds=3,
        tasks=("surrogate",),
        methods=("factor_graph",),
        variants=("no_search_gain", "no_search_gain_checked"),
    )
    goals = {row.case: row.reference for row in report.rows if row.metric.endswith("[points]")}
    assert goals == {"surrogate: no_search_gain": None, "surrogate: no_search_gain_checked": -10.0}


def test_quick_is_shorter_and_of_all_tasks(runs):
    report = benchmark.run(quick=True, methods=("factor_graph", "sobol"))
    assert {key.num_episodes for key in runs} == {benchmark.QUICK_EPISODES}
    assert {key.task for key in runs} == {"surrogate", "screw_insertion", "peg_in_hole"}
    assert {key.variant for key in runs} == {""}
    by_name = {(row.case, row.metric): row.value for row in report.rows}
    best = by_name["peg_in_hole", "J of the optimum"]
    assert 0.59 < best <= 0.6
    assert by_name["peg_in_hole: sobol", "regret at 10, p 0.8, median"] >= 0.0


def test_a_rival_is_beaten_when_every_seed_says_so():
    n = np.arange(1.0, 31.0)
    ours = Scores(
        first_success=n,
        successes=n,
        is_valid=np.ones((30, 3), dtype=bool),
        is_feasible=np.ones((30, 3)),
        regret=np.stack([n, n, n], axis=1),
        noise_free_regret=np.full((30, 3), np.nan),
        step_seconds=n,
        longest_step=n,
        brier=n,
        errors=0,
    )
    theirs = replace(ours, first_success=4 * n, regret=4 * ours.regret, is_valid=~ours.is_valid)
    rows = rival_rows("task", {"factor_graph": ours, "pibu": theirs})
    found = {row.metric: row for row in rows}
    assert found["first success, ratio of medians"].value == 0.25
    assert found["regret, p 0.8, ratio of medians, 95 % to"].value < 0.5
    assert found["regret, p 0.8, Wilcoxon p"].value < 1e-4
    assert found["valid, p 0.8, difference [points]"].value == 100.0
    assert found["valid, p 0.8, difference [points]"].reference == 0.0


def test_pictures_are_written(tmp_path):
    paths = figures.draw(tmp_path, quick=True)
    assert [path.name for path in paths] == ["skill_learning.png", "skill_learning_parameters.png"]
    for path in paths:
        image = imread(path)[..., :3]
        below = image[image.shape[0] // 3 :]
        assert np.ptp(below) > 0.5 and (below < 0.9).mean() > 0.005
