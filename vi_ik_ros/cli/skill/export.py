# SPDX-License-Identifier: Apache-2.0
"""`vi-ik skill export`: the episodes of a store as files of other tools."""

import argparse

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.paths import check_file
from vi_ik_ros.cli.skill.files.csv_file import write_csv
from vi_ik_ros.cli.skill.files.mcap_file import write_mcap
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore, store_path


def run(arguments: argparse.Namespace) -> int:
    """Write the files that were asked for."""
    wanted = {"--csv": arguments.csv, "--mcap": arguments.mcap}
    if not any(wanted.values()):
        raise InvalidInput("--csv, --mcap", "neither", "at least one of them")
    for option, path in wanted.items():
        check_file(option, path)
    with EpisodeStore.read(store_path(arguments.store)) as store:
        entries = store.episodes()
        if arguments.csv:
            write_csv(arguments.csv, entries)
        if arguments.mcap:
            write_mcap(arguments.mcap, entries, store.trace)
    written = [str(path) for path in wanted.values() if path]
    for path in written:
        say(f"wrote {path}")
    data = {"written": written, "episodes": len(entries)}
    emit(arguments.json, data, f"{len(entries)} episodes")
    return 0
