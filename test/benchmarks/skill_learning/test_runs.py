# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.benchmarks.skill_learning.measures.scores import (
    best_score,
    last_regret,
    noise_free_regret,
    scores,
)
from vi_ik_ros.benchmarks.skill_learning.runs import earlier_episodes, variant, workers
from vi_ik_ros.benchmarks.skill_learning.runs import learn as learning
from vi_ik_ros.benchmarks.skill_learning.runs.learn import learn
from vi_ik_ros.benchmarks.skill_learning.runs.learned import Learned
from vi_ik_ros.benchmarks.skill_learning.runs.run_key import RunKey
from vi_ik_ros.benchmarks.skill_learning.runs.variant import safe_point
from vi_ik_ros.benchmarks.skill_learning.runs.variants import VARIANTS
from vi_ik_ros.benchmarks.skill_learning.runs.workers import learn_all
from vi_ik_ros.benchmarks.skill_learning.tasks.named_tasks import named_task
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.skills.learning.methods import METHODS, make_optimizer
from vi_ik_ros.skills.learning.optimizer import Recommendation, Suggestion
from vi_ik_ros.skills.learning.run.seeds import episode_seed

NUM = 6


class Fixed:
    """Always the same point, or what is known to be safe."""

    x = np.array([0.1, 0.6, 0.2])
    fails_at = 99

    def __init__(self, problem, seed):
        self.seen = []

    def observe(self, outcome):
        self.seen.append(outcome)

    def suggest(self):
        if len(self.seen) == self.fails_at:
            raise np.linalg.LinAlgError("not positive definite")
        return Suggestion(self.x, 0.9, "fixed")

    def recommend(self, required_probability):
        return Recommendation(self.x, 0.9, 0.5, True)


class Bad(Fixed):
    x = np.array([0.9, 0.6, 0.2])


class Breaking(Fixed):
    fails_at = 3


@pytest.fixture(autouse=True)
def methods(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = {"fixed": Fixed, "bad": Bad, "breaking": Breaking}
    monkeypatch.setattr(variant, "make_optimizer", lambda name, *rest, **named: made[name](*rest))


def key(method, seed=0, **options):
    return RunKey("surrogate", method, seed, num_episodes=NUM, **options)


def test_a_good_point_is_valid_and_a_bad_one_costs_the_optimum():
    good, bad = learn(key("fixed")), learn(key("bad"))
    best = best_score("surrogate", [good, bad])
    assert best == pytest.approx(0.7, abs=1e-3)
    assert good.first_success == 1 and bad.first_success == NUM + 1
    assert good.is_valid.all() and not bad.is_valid.any()
    truth = named_task("surrogate").truth(Fixed.x)
    for of in (last_regret, noise_free_regret):
        np.testing.assert_allclose(of(good, best), best - (1.0 - truth.cost))
        np.testing.assert_allclose(of(bad, best), best)
    np.testing.assert_array_equal(good.passed[-1], good.repeated.sum(1))
    assert (good.told == 0.9).all()
    assert good.brier == pytest.approx(0.01) and bad.brier == pytest.approx(0.81)


def test_equal_seeds_mean_equal_noise_and_others_do_not():
    first, again, other = learn(key("fixed")), learn(key("fixed")), learn(key("fixed", seed=1))
    np.testing.assert_array_equal(first.costs, again.costs)
    assert not np.array_equal(first.costs, other.costs)
    assert len(set(first.costs)) == NUM


def test_an_exception_of_the_optimiser_is_counted_and_costs_the_optimum():
    run = learn(key("breaking"))
    assert "not positive definite" in str(run.error)
    assert run.success.sum() == 3 and not run.is_valid.any()
    found = scores([run, learn(key("fixed"))], 0.7)
    assert found.errors == 1
    np.testing.assert_allclose(found.regret[0], 0.7)


def test_an_episode_that_cannot_be_is_no_failure_of_the_optimiser(monkeypatch):
    class Broken:
        problem = named_task("surrogate").problem

        def execute(self, x, seed):
            raise ViIkError("sensor unplugged")

    monkeypatch.setattr(learning, "named_task", lambda name: Broken())
    with pytest.raises(ViIkError, match="unplugged"):
        learn(key("fixed"))


def test_runs_are_kept_and_not_made_again(monkeypatch):
    lines = []
    first = learn_all([key("fixed")], lines.append)
    assert lines[-1] == "1 of 1 runs done"
    monkeypatch.setattr(workers, "learn", None)
    again = learn_all([key("fixed")])
    for name in Learned.__dataclass_fields__:
        one, two = (getattr(runs[key("fixed")], name) for runs in (first, again))
        np.testing.assert_array_equal(one, two)


def test_what_decides_a_run_is_in_its_digest():
    keys = [key("fixed"), key("bad"), key("fixed", seed=1), key("fixed", variant="checked")]
    keys += [
        RunKey("screw_insertion", "fixed", 0, num_episodes=NUM),
        RunKey("surrogate", "fixed", 0),
    ]
    assert len({one.digest() for one in keys}) == len(keys)


@pytest.mark.parametrize(
    ("count", "interval", "marks"),
    [
        (60, 10, (10, 20, 30, 40, 50, 60)),
        (6, 10, (3, 6)),
        (1, 10, (1,)),
        (4, 1, (1, 2, 3, 4)),
    ],
)
def test_marks_end_with_the_episodes(count, interval, marks):
    one = RunKey("surrogate", "fixed", 0, num_episodes=count, interval=interval)
    assert one.marks == marks


def test_hidden_metrics_are_those_of_violations_only():
    task = named_task("surrogate")
    outcome = task.execute(np.array([0.2, 0.98, 0.2]), 0)
    assert outcome.last_primitive == 1
    seen = VARIANTS["metrics_hidden"].seen(outcome)
    assert np.isnan(seen.constraints[1]) and seen.constraints[0] == outcome.constraints[0]
    assert VARIANTS[""].seen(outcome) is outcome


def test_the_wrong_graph_lacks_one_edge():
    problem = named_task("surrogate").problem
    told = VARIANTS["no_search_gain"].told(problem)
    missing = problem.adjacency & ~told.adjacency
    assert missing.sum() == 1 and missing[2, 1]
    assert (told.adjacency <= problem.adjacency).all()


def test_without_structure_everything_depends_on_everything():
    told = VARIANTS["every_edge"].told(named_task("surrogate").problem)
    assert told.adjacency.all() and told.scopes.all()
    assert not named_task("surrogate").problem.adjacency.all()


def test_a_warm_start_is_told_of_the_other_screw_and_of_other_noise(monkeypatch):
    asked = []

    class Told(Fixed):
        def __init__(self, problem, seed, earlier=()):
            super().__init__(problem, seed)
            asked.append((seed, earlier))

    monkeypatch.setattr(
        variant, "make_optimizer", lambda name, *rest, **one: Told(*rest, earlier=one["earlier"])
    )
    monkeypatch.setattr(earlier_episodes, "make_optimizer", lambda name, *rest: Fixed(*rest))
    learn(key("fixed", variant="warm_start"))
    ((seed, earlier),) = asked
    assert seed == 0 and len(earlier) == earlier_episodes.NUM_EARLIER
    same = named_task("stiffer_surrogate").execute(
        Fixed.x, episode_seed(earlier_episodes.FIRST_SEED, 5)
    )
    np.testing.assert_array_equal(earlier[5].constraints, same.constraints)


@pytest.mark.parametrize("name", [name for name, one in VARIANTS.items() if one.options])
def test_variants_know_the_options_of_their_method(monkeypatch, name):
    monkeypatch.setattr(variant, "make_optimizer", make_optimizer)
    one = VARIANTS[name]
    problem = named_task("surrogate").problem
    for method in [one.method] if one.method else METHODS:
        made = one.optimizer(RunKey("surrogate", method, 0, name), problem)
        assert made.suggest().x.shape == (3,)


def test_an_expert_knows_whole_episodes():
    task = named_task("surrogate")
    optimizers = [
        VARIANTS["product_of_experts"].optimizer(key("factor_graph"), task.problem),
        make_optimizer("factor_graph", task.problem, 0),
    ]
    for index in range(6):
        outcome = task.execute(optimizers[1].suggest().x, index)
        for optimizer in optimizers:
            optimizer.observe(outcome)
    found = [optimizer.recommend(0.8) for optimizer in optimizers]
    assert found[0].probability != found[1].probability


def test_the_safe_point_is_the_default():
    problem = named_task("surrogate").problem
    x = safe_point(problem)
    values = problem.space.from_unit(x[None])[0]
    np.testing.assert_allclose(values, [one.default for one in problem.space.parameters])


def test_a_feasible_recommendation_that_fails_when_repeated_is_invalid():
    run = learn(key("fixed"))
    unlucky = replace(run, repeated=run.repeated & False)
    np.testing.assert_allclose(last_regret(unlucky, 0.7), 0.7)
    assert (noise_free_regret(unlucky, 0.7) < 0.7).all()
