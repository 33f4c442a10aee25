# SPDX-License-Identifier: Apache-2.0
"""`vi-ik skill learn`: parameters from episodes in a simulation, kept in a store."""

import argparse
from pathlib import Path

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.skill.learn_output import (
    Checked,
    episode_line,
    run_line,
    summary_data,
    summary_table,
)
from vi_ik_ros.cli.skill.run_one import check_seed_option
from vi_ik_ros.cli.skill.stage import Stage
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore, store_path
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.skills.learning.loop import MOST_INVALID, learn
from vi_ik_ros.skills.learning.methods import make_optimizer
from vi_ik_ros.skills.learning.optimizer import Optimizer
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.code_version import code_version
from vi_ik_ros.skills.learning.run.learning_run import LearningRun
from vi_ik_ros.skills.learning.run.progress import Ending, LearningSummary, Progress
from vi_ik_ros.skills.learning.run.seeds import check_seed

DONE, BROKEN_OFF = 0, 1  # exit codes
METHOD, PLANT, SEED = "factor_graph", "mujoco", 0  # where no store and nobody says otherwise
NUM_CHECKS = 10  # episodes with the recommendation


def run(arguments: argparse.Namespace) -> int:
    """Learn, then carry out what is recommended."""
    _check(arguments)
    path = store_path(arguments.out)
    stage, wanted = _wanted(arguments, path)
    problem = Problem.of(stage.skill)
    optimizer = make_optimizer(wanted.method, problem, wanted.seed)
    opened = EpisodeStore.resume if arguments.resume else EpisodeStore.begin
    with opened(path, wanted) as store:
        if store.run.code != wanted.code:
            say(f"remark: begun with code {store.run.code}, this is {wanted.code}; suggestions")
            say("  from here on may differ from those of a run without interruption")
        say(run_line(wanted, path, len(store.episodes())))
        summary = _learn(arguments, stage, problem, optimizer, store)
    checked = _checked(stage, summary, wanted.seed)
    data = summary_data(problem, wanted, path, summary, checked)
    emit(arguments.json, data, summary_table(problem, wanted, summary, checked))
    if summary.ending is Ending.INVALID:
        reason = f"{MOST_INVALID} invalid episodes in a row; see what is wrong, then --resume"
        say(f"vi-ik skill: stopped after {reason}")
        return BROKEN_OFF
    return DONE


def _learn(
    arguments: argparse.Namespace,
    stage: Stage,
    problem: Problem,
    optimizer: Optimizer,
    store: EpisodeStore,
) -> LearningSummary:
    """Carry out the loop, with a line for each episode."""

    def tell(entry: StoredEpisode, progress: Progress) -> None:
        say(episode_line(entry, progress, arguments.episodes))

    try:
        return learn(
            problem, optimizer, stage.run, store,
            num_episodes=arguments.episodes,
            required_probability=arguments.required_probability,
            on_episode=tell,
        )  # fmt: skip
    except KeyboardInterrupt:
        say(f"interrupted; {store.path} holds every episode that ended, --resume goes on")
        raise


def _check(arguments: argparse.Namespace) -> None:
    """Refuse numbers that cannot be used."""
    if arguments.episodes < 1:
        raise InvalidInput("--episodes", arguments.episodes, "a whole number from 1")
    if arguments.seed is not None:
        check_seed_option(arguments.seed)
    if not 0.0 < arguments.required_probability < 1.0:
        expected = "a probability between 0 and 1"
        raise InvalidInput("--required-probability", arguments.required_probability, expected)


def _wanted(arguments: argparse.Namespace, path: Path) -> tuple[Stage, LearningRun]:
    """Return the run that the options describe; those not given are as in a store to resume."""
    stored = None
    if arguments.resume:
        if not path.is_file():
            raise InvalidInput("--resume", str(path), "a store that exists; without, one is begun")
        stored = EpisodeStore.peek(path)
    plant = arguments.plant or (stored.plant if stored else PLANT)
    stage = Stage.of(arguments.skill, arguments.scene, plant)
    seed = stored.seed if stored else SEED
    run = LearningRun(
        skill=stage.skill_values,
        scene=stage.scene.plain(),
        plant=plant,
        method=arguments.method or (stored.method if stored else METHOD),
        seed=seed if arguments.seed is None else arguments.seed,
        settings={},
        code=code_version(),
    )
    return stage, run


def _checked(stage: Stage, summary: LearningSummary, seed: int) -> Checked | None:
    """Carry out episodes with the recommendation."""
    if summary.recommendation is None or summary.ending is not Ending.COMPLETE:
        return None
    parameters = stage.skill.space.named(summary.recommendation.recommendation.x)
    say(f"carrying out what is recommended, {NUM_CHECKS} episodes ...")
    episodes = [stage.run(parameters, check_seed(seed, k))[0] for k in range(NUM_CHECKS)]
    return Checked.of(episodes)
