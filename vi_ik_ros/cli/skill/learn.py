# SPDX-License-Identifier: Apache-2.0
"""`vi-ik skill learn`: parameters from episodes in a simulation, kept in a store."""

import argparse
from dataclasses import replace

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.progress.progress_line import progress_line
from vi_ik_ros.cli.skill.learn_output import (
    Checked,
    episode_line,
    run_line,
    summary_data,
    summary_table,
)
from vi_ik_ros.cli.skill.stage import Stage, check_plant
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.skills.learning.loop import MOST_INVALID, learn
from vi_ik_ros.skills.learning.run.method_settings import settings_from_words
from vi_ik_ros.skills.learning.run.prepare import LearningRequest, PreparedRun, prepare
from vi_ik_ros.skills.learning.run.progress import Ending, LearningSummary, Progress
from vi_ik_ros.skills.learning.run.seeds import check_seed

DONE, BROKEN_OFF = 0, 1  # exit codes
PLANT = "mujoco"  # where no store and nobody says otherwise
NUM_CHECKS = 10  # episodes with the recommendation
OPTIONS = {  # fields of a request -> what they are called here
    "num_episodes": "--episodes",
    "seed": "--seed",
    "method": "--method",
    "plant": "--plant",
    "required_probability": "--required-probability",
    "store": "--out",
    "safe_start": "--safe-start",
    "earlier": "--earlier",
}


def run(arguments: argparse.Namespace) -> int:
    """Learn, then carry out what is recommended."""
    stage, prepared = _prepared(arguments)
    wanted, path = prepared.run, prepared.path
    with prepared.open() as store:
        if prepared.code != wanted.code:
            say(f"remark: begun with code {prepared.code}, this is {wanted.code}; suggestions")
            say("  from here on may differ from those of a run without interruption")
        say(run_line(wanted, path, len(store.episodes())))
        summary = _learn(stage, prepared, store)
    checked = _checked(stage, summary, wanted.seed)
    data = summary_data(prepared.problem, wanted, path, summary, checked)
    emit(arguments.json, data, summary_table(prepared.problem, wanted, summary, checked))
    if summary.ending is Ending.INVALID:
        reason = f"{MOST_INVALID} invalid episodes in a row; see what is wrong, then --resume"
        say(f"vi-ik skill: stopped after {reason}")
        return BROKEN_OFF
    return DONE


def _prepared(arguments: argparse.Namespace) -> tuple[Stage, PreparedRun]:
    """Return the run that the options describe, and where it is carried out."""
    stage = Stage.of(arguments.skill, arguments.scene, arguments.plant or PLANT)
    try:
        prepared = prepare(_request(arguments, stage))
    except InvalidInput as error:
        option = OPTIONS.get(error.field)
        if option is None:
            raise
        raise InvalidInput(option, error.value, error.expected) from error
    plant = prepared.run.plant or PLANT
    check_plant(plant)
    return replace(stage, plant_name=plant), prepared.on(plant)


def _request(arguments: argparse.Namespace, stage: Stage) -> LearningRequest:
    """Return what the options ask for."""
    pairs = [word.partition("=") for word in arguments.settings]
    for word, (name, equals, value) in zip(arguments.settings, pairs, strict=True):
        if not (name.strip() and equals and value.strip()):
            raise InvalidInput("--set", word, "NAME=VALUE, a setting of the method")
    return LearningRequest(
        skill=stage.skill_values,
        scene=stage.scene.plain(),
        place=arguments.out,
        num_episodes=arguments.episodes,
        resume=arguments.resume,
        plant=arguments.plant,
        method=arguments.method,
        seed=arguments.seed,
        required_probability=arguments.required_probability,
        settings=settings_from_words(
            [name.strip() for name, _, _ in pairs], [v for *_, v in pairs]
        ),
        safe_start=arguments.safe_start,
        earlier=arguments.earlier,
    )


def _learn(stage: Stage, prepared: PreparedRun, store: EpisodeStore) -> LearningSummary:
    """Carry out the loop, with a line for each episode and the time left."""
    request = prepared.request

    def tell(entry: StoredEpisode, progress: Progress) -> None:
        line.time_left.update(progress.num_valid / request.num_episodes)
        line.tell(episode_line(entry, progress, request.num_episodes))

    try:
        with progress_line(f"learning {prepared.run.skill_name}") as line:
            line.time_left.update(len(store.episodes()) / request.num_episodes)
            return learn(
                prepared.problem, prepared.optimizer, stage.run, store,
                num_episodes=request.num_episodes,
                required_probability=request.required_probability,
                on_episode=tell,
            )  # fmt: skip
    except KeyboardInterrupt:
        say(f"interrupted; {store.path} holds every episode that ended, --resume goes on")
        raise


def _checked(stage: Stage, summary: LearningSummary, seed: int) -> Checked | None:
    """Carry out episodes with the recommendation."""
    if summary.recommendation is None or summary.ending is not Ending.COMPLETE:
        return None
    parameters = stage.skill.space.named(summary.recommendation.recommendation.x)
    say(f"carrying out what is recommended, {NUM_CHECKS} episodes ...")
    episodes = [stage.run(parameters, check_seed(seed, k))[0] for k in range(NUM_CHECKS)]
    return Checked.of(episodes)
