# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import pytest

from vi_ik_ros.cli.commands.skill import METHODS as NAMED_BY_THE_CLI
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.methods import METHODS, make_optimizer
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome


def test_all_methods_are_named() -> None:
    graph = {"factor_graph", "naive_bayes"}
    assert set(METHODS) == graph | {"sobol", "eic", "nei", "scbo", "pibu", "gpcr"}
    assert tuple(METHODS) == NAMED_BY_THE_CLI  # which must not wait for numpy


@pytest.mark.parametrize(("wrong", "near"), [("factor_grph", "factor_graph"), ("scb", "scbo")])
def test_unknown_method_is_refused_with_the_nearest(runs, wrong, near) -> None:
    with pytest.raises(InvalidInput, match=f"method: got {wrong}, expected {near}") as caught:
        make_optimizer(wrong, runs.problem, 0)
    assert caught.value.field == "method"


@pytest.mark.parametrize("name", ["factor_graph", "sobol", "eic", "pibu"])
def test_unknown_option_is_refused_with_the_nearest(runs, name) -> None:
    with pytest.raises(InvalidInput, match=r"settings\.num_inital.*expected num_initial"):
        make_optimizer(name, runs.problem, 0, num_inital=3)


def test_options_reach_the_settings(runs) -> None:
    for name in ("factor_graph", "eic"):
        optimizer = make_optimizer(name, runs.problem, 0, num_initial=2)
        assert optimizer.suggest().reason == "initial"
        for _ in range(2):
            x = optimizer.suggest().x
            values = runs.problem.space.from_unit(x[None])[0]
            episode = runs.made_up(dict(zip(runs.problem.space.names, values, strict=True)))
            optimizer.observe(EpisodeOutcome.of(episode, runs.problem))
        assert optimizer.suggest().reason != "initial"


def test_options_of_constraints_are_options_of_the_graph(runs) -> None:
    make_optimizer("naive_bayes", runs.problem, 0, threshold="estimated", structure_check=True)


@pytest.mark.parametrize("seed", [-1, 0.5, True, "1"])
def test_seed_must_be_a_whole_number(runs, seed) -> None:
    with pytest.raises(InvalidInput, match="seed: got"):
        make_optimizer("sobol", runs.problem, seed)


@pytest.mark.parametrize("point", [[0.5], [0.5, 0.5, 2.0], [float("nan")] * 3])
@pytest.mark.parametrize("name", ["sobol", "eic", "factor_graph"])
def test_safe_point_must_lie_in_the_cube(runs, name, point) -> None:
    with pytest.raises(InvalidInput, match="safe_point"):
        make_optimizer(name, runs.problem, 0, safe_point=point).suggest()


def test_names_are_known_without_torch() -> None:
    program = (
        "import sys; from vi_ik_ros.skills.learning.methods import METHODS;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.slow
def test_deprecations_of_botorch_are_not_printed() -> None:
    program = (
        "from vi_ik_ros.skills.execution.graph.skill_file import skill_from;"
        "from vi_ik_ros.skills.learning.methods import make_optimizer;"
        "from vi_ik_ros.skills.learning.problem import Problem;"
        "from vi_ik_ros.skills.plants.scene.yaml_file import load_yaml;"
        "problem = Problem.of(skill_from(load_yaml('skill', 'screw_insertion')));"
        "print(make_optimizer('scbo', problem, 0).suggest().reason)"
    )
    command = [sys.executable, "-W", "always", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.strip() == "initial"
    assert done.stderr == ""
