# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

pytest.importorskip("ray")

from ray.tune.experiment import Trial
from ray.tune.schedulers import ASHAScheduler, TrialScheduler

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.training.sweeps import search_space

POSITION = str(share_dir() / "config" / "objectives" / "planar3_position.yaml")


@pytest.mark.parametrize("log", [False, True])
def test_ranges_of_whole_numbers_include_both_ends(read, log) -> None:
    search = {"num_components": {"low": 2, "high": 4, "log": log}}
    drawn = search_space.param_space(read(search=search))["num_components"].sample(size=200)
    assert set(drawn) == {2, 3, 4}


@pytest.mark.parametrize(("log", "below"), [(False, 0.09), (True, 0.5)])
def test_log_makes_equal_factors_equally_likely(read, log, below) -> None:
    search = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": log}}
    drawn = search_space.param_space(read(POSITION, search=search))["learning_rate"].sample(
        size=1000, random_state=0
    )
    assert min(drawn) >= 1e-4 and max(drawn) <= 1e-2
    assert np.mean(np.array(drawn) < 1e-3) == pytest.approx(below, abs=0.07)


def test_lists_are_choices_or_the_points_of_a_grid(read) -> None:
    search = {"family": ["gaussian", "banana"], "num_components": [2, 4]}
    space = search_space.param_space(read(search=search))
    assert space["family"].categories == ["gaussian", "banana"]
    assert space["num_components"].categories == [2, 4]
    grid = search_space.param_space(read(search=search, algorithm="grid", num_trials=None))
    assert grid["family"] == {"grid_search": ["gaussian", "banana"]}
    assert grid["num_components"] == {"grid_search": [2, 4]}


def test_a_grid_is_walked_once(read) -> None:
    assert search_space.tune_config(read()).num_samples == 4
    grid = search_space.tune_config(read(algorithm="grid", num_trials=None))
    assert grid.num_samples == 1


def test_trials_at_once_are_bounded_by_the_search(read) -> None:
    assert search_space.tune_config(read(max_concurrent=3)).search_alg.max_concurrent == 3


def test_nothing_ends_families_that_do_not_compare(read) -> None:
    families = {"family": ["gaussian", "banana"]}
    assert search_space.tune_config(read(search=families)).scheduler is None


@pytest.mark.parametrize(("objectives", "percent"), [({}, 50), ({"objectives": POSITION}, 75)])
def test_a_fit_below_the_median_ends_early(read, objectives, percent) -> None:
    scheduler = search_space.tune_config(read(**objectives)).scheduler
    assert isinstance(scheduler, ASHAScheduler)
    assert scheduler.set_search_properties("elbo", "max")

    def decide(name: str, progress: float, elbo: float) -> str:
        trial = Trial("fit_trial", stub=True, trial_id=name)
        if name not in scheduler._trial_info:
            scheduler.on_trial_add(None, trial)
        return scheduler.on_trial_result(None, trial, {"progress": progress, "elbo": elbo})

    assert decide("first", percent, -1.0) == TrialScheduler.CONTINUE
    assert decide("worse", percent - 1, -9.0) == TrialScheduler.CONTINUE  # too early to tell
    assert decide("worse", percent + 1, -9.0) == TrialScheduler.STOP
    assert decide("better", percent + 1, -0.5) == TrialScheduler.CONTINUE
    assert decide("unknown", percent + 1, float("nan")) == TrialScheduler.CONTINUE
