# SPDX-License-Identifier: Apache-2.0
import math
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.training.sweeps.axis import Choice, Range
from vi_ik_ros.sampling.training.sweeps.sweep_config import read_sweep

SWEEPS = share_dir() / "config" / "sweeps"
OBJECTIVES = share_dir() / "config" / "objectives"
LINE, POSITION = str(OBJECTIVES / "planar2_line.yaml"), str(OBJECTIVES / "planar3_position.yaml")


@pytest.mark.parametrize("path", sorted(SWEEPS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_sweeps_are_valid(path: Path) -> None:
    config = read_sweep(path)
    assert config.model == path.stem and config.search


def test_what_is_left_out_has_a_default(read) -> None:
    config = read()
    assert config.search == {"num_components": Choice((2, 4))}
    assert config.families == ("banana",)  # what suits two joints without a context
    assert (config.num_trials, config.threads, config.max_concurrent) == (4, 1, None)
    assert (config.metric, config.algorithm, config.scheduler) == ("elbo", "random", "asha")
    assert config.settings.steps is None and math.isinf(config.settings.time_limit)


def test_one_value_is_shared_by_all_trials(read) -> None:
    search = {"num_components": {"low": 2, "high": 8, "log": True}, "width": 64, "num_blocks": [2]}
    config = read(POSITION, search=search, time_limit=5, seed=3)
    assert config.search == {"num_components": Range(2, 8, log=True)}
    assert (config.settings.width, config.settings.num_blocks) == (64, 2)
    assert (config.settings.time_limit, config.settings.seed) == (5.0, 3)


def test_objectives_may_stand_in_the_sweep_itself(read) -> None:
    inline = yaml.safe_load(Path(LINE).read_text())
    assert read(inline).document == read(LINE).document


def test_options_of_the_program_replace_keys(read, tmp_path: Path) -> None:
    read()
    config = read_sweep(tmp_path / "sweep.yaml", {"num_trials": 9})
    assert config.num_trials == 9 and config.plain["num_trials"] == 9


def test_families_that_differ_are_compared_at_the_end(read) -> None:
    assert read(search={"family": ["gaussian", "banana"]}).scheduler == "none"
    assert read(search={"family": ["gaussian"]}).scheduler == "asha"
    assert read(metric="elbo_median").scheduler == "none"


def test_a_grid_has_as_many_trials_as_points(read) -> None:
    search = {"family": ["gaussian", "banana"], "num_components": [2, 4, 8], "steps": 10}
    assert read(algorithm="grid", num_trials=None, search=search).num_trials == 6


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"trials": 4}, ["trials: got an unknown key", "num_trials"]),
        ({"model": None}, ["model: got nothing"]),
        ({"model": "../m"}, ["model: got ../m", "1 to 64"]),
        ({"objectives": None}, ["objectives: got nothing", "path"]),
        ({"objectives": "no.yaml"}, ["no.yaml", "No such file"]),
        ({"num_trials": None}, ["num_trials: got nothing", "above 0"]),
        ({"num_trials": 0}, ["num_trials: got 0", "from 1 to"]),
        ({"num_trials": True}, ["num_trials: got True", "whole number"]),
        ({"num_trials": "many"}, ["num_trials: got many", "whole number"]),
        ({"max_concurrent": 0}, ["max_concurrent: got 0"]),
        ({"threads": 1.5}, ["threads: got 1.5"]),
        ({"time_limit": 0}, ["time_limit: got 0"]),
        ({"steps": -1}, ["steps: got -1"]),
        ({"metric": "entropy"}, ["metric: got entropy", "elbo_median"]),
        ({"scheduler": "pbt"}, ["scheduler: got pbt", "asha"]),
        ({"scheduler": "asha", "metric": "elbo_median"}, ["scheduler: got asha", "at the end"]),
        ({"algorithm": "bayes"}, ["algorithm: got bayes", "grid"]),
        ({"algorithm": "grid"}, ["num_trials: got 4", "the grid has 2"]),
        ({"search": None}, ["search: got nothing", "a mapping"]),
        ({"search": [1]}, ["search: got [1]", "a mapping"]),
        ({"search": {"components": 2}}, ["search.components", "unknown key", "num_components"]),
        ({"search": {"time_limit": [1, 2]}}, ["search.time_limit", "unknown key"]),
        ({"search": {"family": "gauss"}}, ["search.family: got gauss", "gaussian"]),
        ({"search": {"family": ["moe", "tree"]}}, ["search.family[1]: got tree", "moe"]),
        ({"search": {"family": []}}, ["search.family: got []", "a list of names"]),
        ({"search": {"family": ["banana", "banana"]}}, ["search.family[1]", "once"]),
        (
            {"search": {"family": "amortized"}},
            ["search.family: got amortized", "without a context"],
        ),
        (
            {"search": {"width": [8, 16]}},
            ["search.width", "banana", "only amortized and inn and cvae have width"],
        ),
        ({"search": {"batch_size": 8}}, ["search.batch_size: got 8", "amortized and moe"]),
        ({"search": {"num_components": []}}, ["search.num_components: got []", "or more"]),
        ({"search": {"num_components": [2, 2.0]}}, ["search.num_components", "once"]),
        ({"search": {"num_components": [2, 0]}}, ["search.num_components[1]: got 0", "from 1"]),
        ({"search": {"num_components": "ten"}}, ["search.num_components: got ten", "whole"]),
        ({"search": {"num_components": {"low": 2}}}, ["search.num_components", "low and high"]),
        (
            {"search": {"num_components": {"low": 2, "high": 8, "step": 2}}},
            ["search.num_components.step: got an unknown key", "low, high, log"],
        ),
        (
            {"search": {"num_components": {"low": 8, "high": 8}}},
            ["search.num_components.high: got 8", "above low, which is 8"],
        ),
        (
            {"search": {"num_components": {"low": 2.5, "high": 8}}},
            ["search.num_components.low: got 2.5", "whole number"],
        ),
        (
            {"search": {"num_components": {"low": 2, "high": 8, "log": "yes"}}},
            ["search.num_components.log: got yes", "true or false"],
        ),
        (
            {"search": {"seed": {"low": 0, "high": 8, "log": True}}},
            ["search.seed.low: got 0", "above 0", "log"],
        ),
        ({"search": {"steps": [5, 9]}, "steps": 7}, ["search.steps", "stands outside of search"]),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_wrong_files_are_refused_with_place_value_and_expectation(read, keys, words) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(**keys)
    line = str(refusal.value)
    assert "\n" not in line and all(word in line for word in words), line


def test_a_mixture_is_refused_for_objectives_with_a_context(read) -> None:
    with pytest.raises(InvalidInput, match="family: got gaussian, .* with a context"):
        read(POSITION, search={"family": ["amortized", "gaussian"]})


def test_families_that_differ_cannot_be_ended_early(read) -> None:
    with pytest.raises(InvalidInput, match="scheduler: got asha, expected none, as .* families"):
        read(search={"family": ["gaussian", "banana"]}, scheduler="asha")


def test_a_range_is_no_part_of_a_grid(read) -> None:
    search = {"num_components": {"low": 2, "high": 8}}
    with pytest.raises(InvalidInput, match="search.num_components: got a range, expected a list"):
        read(algorithm="grid", num_trials=None, search=search)


def test_objectives_that_no_trial_could_meet_are_refused(read) -> None:
    document = yaml.safe_load(Path(LINE).read_text())
    other = {**document["objectives"][0], "name": "other"}
    other["density"] = {"type": "normal", "mean": 0.0, "std": 1e-3}
    document["objectives"].append(other)
    with pytest.raises(InvalidInput, match="tip_on_line, other: got no common mass"):
        read(document)


def test_families_without_a_density_have_a_ranking_of_their_own(read) -> None:
    two = read(POSITION, search={"family": ["cvae", "kd_tree"]})
    assert (two.metric, two.scheduler) == ("log_target", "none")
    assert read(POSITION, metric="log_target_median", search={"family": "cvae"}).scheduler == "none"
    with pytest.raises(InvalidInput, match="metric: got elbo, expected .*log_target"):
        read(POSITION, metric="elbo", search={"family": "cvae"})
    with pytest.raises(InvalidInput, match="metric: got log_target, expected .*elbo"):
        read(POSITION, metric="log_target", search={"family": "inn"})
    with pytest.raises(InvalidInput, match="family: got amortized, cvae, .* cvae .* no ELBO"):
        read(POSITION, search={"family": ["amortized", "cvae"]})


@pytest.mark.slow
def test_reading_needs_no_ray() -> None:
    program = (
        "import sys, vi_ik_ros.sampling.training.sweeps.run_sweep, vi_ik_ros.cli.commands.sweep\n"
        "print({'ray', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
