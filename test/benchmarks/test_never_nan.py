# SPDX-License-Identifier: Apache-2.0
import json
import math

import numpy as np
import pytest

from vi_ik_ros.benchmarks.never_nan import never_nan
from vi_ik_ros.benchmarks.never_nan.never_nan import ALLOWED, QUICK_FILES, Outcome
from vi_ik_ros.benchmarks.never_nan.random_objectives import load_robot, random_objectives
from vi_ik_ros.exceptions import ModelRefused, ObjectiveError
from vi_ik_ros.kinematics.robot_description import robot_aliases
from vi_ik_ros.sampling.experts.densities import DENSITIES
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.transforms import TRANSFORMS


def load(document):
    return load_objectives(document, robot=load_robot(document["robot"]))


def test_files_are_decided_by_their_seed():
    for seed in (0, 5):
        assert random_objectives(seed) == random_objectives(seed)
        assert random_objectives(seed) != random_objectives(seed + QUICK_FILES)


def test_files_are_valid_and_survive_json():
    for seed in range(2 * QUICK_FILES):
        document = random_objectives(seed, with_context=seed % 2 > 0)
        objectives = load(json.loads(json.dumps(document)))
        assert len(objectives.context_entries) == seed % 2


def test_files_hold_every_robot_transform_density_and_scale():
    objectives = [o for seed in range(60) for o in random_objectives(seed)["objectives"]]
    robots = {random_objectives(seed)["robot"] for seed in range(QUICK_FILES)}
    assert robots == set(robot_aliases())
    assert {o["transform"]["type"] for o in objectives} == set(TRANSFORMS)
    assert {o["density"]["type"] for o in objectives} == set(DENSITIES)
    assert {o.get("priority", 0) for o in objectives} == {0, 1, 2}
    stds = [o["density"]["std"] for o in objectives if isinstance(o["density"].get("std"), float)]
    assert min(stds) < 1e-5 and max(stds) > 1e5
    means = [np.abs(o["density"]["mean"]).max() for o in objectives if "mean" in o["density"]]
    assert max(means) > 1e5


@pytest.mark.parametrize("seed", range(QUICK_FILES))
def test_the_fit_of_a_file_is_finite_or_says_what_is_wrong(monkeypatch, seed):
    monkeypatch.setattr(never_nan, "NUM_PROPOSALS", 1000)
    monkeypatch.setattr(never_nan, "STEPS", (3, 3, 3))
    said = []
    outcome = never_nan.outcome(
        seed, random_objectives(seed), never_nan.fit_unconditional, said.append
    )
    assert outcome in ALLOWED, said


@pytest.mark.parametrize("seed", [2, 3])
def test_an_amortized_fit_is_finite_too(seed):
    document = random_objectives(seed, with_context=True)
    assert never_nan.outcome(seed, document, never_nan.fit_amortized) is Outcome.FINITE


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ObjectiveError("objectives objective_0", "no mass", "some"), Outcome.CLEAR),
        (ModelRefused("model", "0 draws", "more"), Outcome.UNCLEAR),
        (FloatingPointError("nan"), Outcome.EXCEPTION),
    ],
)
def test_errors_are_told_apart(error, expected):
    said = []

    def fit_one(seed, document):
        raise error

    assert never_nan.outcome(0, random_objectives(0), fit_one, said.append) is expected
    assert bool(said) == (expected not in ALLOWED)


def test_a_density_that_is_no_number_counts(monkeypatch):
    class Broken:
        def draw(self, size, rng):
            return np.zeros((size, 2)), np.zeros(size)

        def log_prob(self, x, contexts):
            return np.full((1, 200), math.nan)

        def tensors(self):
            return {}

    monkeypatch.setattr(never_nan, "fit_mixture", lambda *_, **__: Broken())
    assert never_nan.fit_unconditional(0, random_objectives(0)) is Outcome.NAN


def test_the_report_counts_and_requires_none_of_what_must_not_be(monkeypatch):
    found = iter([Outcome.FINITE, Outcome.CLEAR, Outcome.NAN] * 10)
    monkeypatch.setattr(never_nan, "fit_unconditional", lambda *_: next(found))
    monkeypatch.setattr(never_nan, "fit_amortized", lambda *_: Outcome.FINITE)
    report = never_nan.run(quick=True)
    rows = {(row.case, row.metric): row for row in report.rows}
    assert rows["mixtures", "files"].value == QUICK_FILES
    assert rows["mixtures", "fits finite"].value == 5
    assert (rows["mixtures", "NaN"].value, rows["mixtures", "NaN"].reference) == (4, 0.0)
    assert rows["mixtures", "exceptions"].value == 0
    assert rows["amortized, with a context", "files"].value == 2
    assert rows["mixtures", "fits finite"].reference is None
