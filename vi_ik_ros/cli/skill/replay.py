# SPDX-License-Identifier: Apache-2.0
"""`vi-ik skill replay`: stored episodes, shown, drawn and carried out again."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.paths import check_file
from vi_ik_ros.cli.skill.output import episode_table, verdict
from vi_ik_ros.cli.skill.run_one import plot
from vi_ik_ros.cli.skill.stage import PLANTS, Stage
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.skill_file import skill_from
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore, store_path
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.skills.learning.run.code_version import code_version
from vi_ik_ros.skills.learning.run.learning_run import LearningRun
from vi_ik_ros.viewer.episodes.chance import chance

SAME, DIFFERENT = 0, 1  # exit codes


def run(arguments: argparse.Namespace) -> int:
    """Show one episode or list all of them; compare them with new executions if asked to."""
    check_file("--plot", arguments.plot)
    if arguments.plot is not None and arguments.episode is None:
        raise InvalidInput("--plot", str(arguments.plot), "--episode N beside it")
    with EpisodeStore.read(store_path(arguments.store)) as store:
        chosen = _chosen(store, arguments.episode)
        if arguments.plot is not None:
            _plot(arguments, store, chosen[0])
        differing = _differing(store, chosen) if arguments.again else None
        data: dict[str, object]
        if arguments.episode is None:
            table, data = _list(store.run, chosen), {"episodes": [_plain(one) for one in chosen]}
        else:
            table, data = episode_table(chosen[0].episode), _plain(chosen[0])
    if differing is not None:
        data["differing"] = differing
    emit(arguments.json, data, table)
    return DIFFERENT if differing else SAME


def _chosen(store: EpisodeStore, number: int | None) -> list[StoredEpisode]:
    """Return the episode of a number, or all of them."""
    entries = store.episodes()
    if number is None:
        return entries
    if not 1 <= number <= len(entries):
        expected = f"1 to {len(entries)}" if entries else "a store with episodes"
        raise InvalidInput("--episode", number, expected)
    return [entries[number - 1]]


def _plot(arguments: argparse.Namespace, store: EpisodeStore, entry: StoredEpisode) -> None:
    """Draw the stored course of an episode."""
    trace = store.trace(entry.number)
    if trace is None:
        raise InvalidInput("--plot", str(arguments.plot), "an episode whose course was kept")
    if not len(trace.times):
        raise InvalidInput("--plot", str(arguments.plot), "an episode that lasted a control period")
    plot(arguments.plot, skill_from(store.run.skill), entry.episode, trace, store.run.plant)


def _differing(store: EpisodeStore, entries: Sequence[StoredEpisode]) -> list[int]:
    """Carry out episodes again; return the numbers of those that do not come out the same."""
    kept = store.run
    if kept.plant not in PLANTS:
        raise InvalidInput("--again", kept.plant, f"a run on {' or '.join(PLANTS)}")
    stage = Stage.of_values(kept.skill, kept.scene, kept.plant)
    differing = []
    for entry in entries:
        episode, trace = stage.run(entry.episode.parameters, entry.episode.seed)
        stored = store.trace(entry.number)
        same = episode.digest() == entry.episode.digest()
        if not same or (stored is not None and stored.digest() != trace.digest()):
            differing.append(entry.number)
            say(f"episode {entry.number} was: {verdict(entry.episode)}; now: {verdict(episode)}")
    say(f"carried out again: {len(entries) - len(differing)} of {len(entries)} agree, every number")
    if differing and kept.code != code_version():
        say(f"stored with code {kept.code}, this is {code_version()}")
    return differing


def _list(run: LearningRun, entries: Sequence[StoredEpisode]) -> Table:
    """Return a line for each episode."""
    table = Table(title=f"{run.skill_name}, {run.method}, seed {run.seed}, plant {run.plant}")
    for title in ("no.", "suggested", "Pr", "parameters", "outcome"):
        table.add_column(title, justify="right" if title in ("no.", "Pr") else "left")
    for entry in entries:
        values = ", ".join(f"{value:.4g}" for value in entry.episode.parameters.values())
        style = "yellow" if not entry.is_valid else "green" if entry.episode.success else "red"
        table.add_row(
            str(entry.number),
            entry.suggestion.reason,
            chance(entry.suggestion.probability),
            values,
            f"[{style}]{verdict(entry.episode)}[/]",
        )
    return table


def _plain(entry: StoredEpisode) -> dict[str, object]:
    """Return an episode with its suggestion as plain data."""
    return {
        "number": entry.number,
        "suggestion": asdict(entry.suggestion),
        "suggest_seconds": entry.suggest_seconds,
        "episode_seconds": entry.episode_seconds,
        "ended": entry.ended,
        **asdict(entry.episode),
        "digest": entry.episode.digest(),
    }
