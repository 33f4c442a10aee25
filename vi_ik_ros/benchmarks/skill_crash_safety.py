# SPDX-License-Identifier: Apache-2.0
"""Kill -9 of `vi-ik skill learn` at random moments: is an episode lost, or counted twice?

A run is killed and resumed until it is complete, then compared with one that nobody killed: every
suggestion, every number of every record and course, and all recommendations have to be the same.
"""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.skills.learning.episode_store.episode_store import FILE, EpisodeStore

NAME = "skill-crash-safety"
SKILL, PLANT = "screw_insertion", "analytic"


@dataclass(frozen=True)
class Campaign:
    """What is killed, and how often.

    Attributes:
        method: that learns.
        num_episodes: of a run.
        num_kills: for each seed of the benchmark.
        startup: most time from the start of a process to a kill in the beginning [s].
        span: most time from its first word to a kill later on [s].
        early_share: of kills in the beginning.
    """

    method: str = "factor_graph"
    num_episodes: int = 30
    num_kills: int = 100
    startup: float = 4.0
    span: float = 2.0
    early_share: float = 0.2


QUICK = Campaign(method="sobol", num_episodes=8, num_kills=5, startup=0.8, span=0.6)


@dataclass
class Found:
    """What came to light."""

    kills: Counter[str] = field(default_factory=Counter)  # by what the process was at
    num_lost: int = 0
    num_doubled: int = 0
    num_unreadable: int = 0
    num_compared: int = 0  # runs
    num_different: int = 0
    num_episodes: int = 0  # of the runs compared
    lines: list[str] = field(default_factory=list)


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Kill and resume.

    Args:
        seeds: how often the moments are drawn.
        quick: 5 kills of short runs of a method that starts fast.
        budget: not used; nothing is trained here.
        on_progress: called with a line before each kill.
    """
    del budget
    started, campaign, found = time.monotonic(), QUICK if quick else Campaign(), Found()
    for seed in range(seeds):
        with TemporaryDirectory(prefix="vi_ik_skill_crash_") as root:
            _carry_out(campaign, Path(root), seed, found, on_progress)
    for line in found.lines:
        on_progress(line)
    case = f"{campaign.method}, {campaign.num_episodes} episodes, {PLANT} plant"
    rows = [Row(case, "kills", sum(found.kills.values()))]
    rows += [Row(case, f"kills while {what}", number) for what, number in found.kills.items()]
    rows += [
        _required(case, "episodes lost", found.num_lost),
        _required(case, "episodes counted twice", found.num_doubled),
        _required(case, "stores that could not be read after a kill", found.num_unreadable),
        Row(case, "killed runs compared with uninterrupted ones", found.num_compared),
        Row(case, "episodes in them", found.num_episodes),
        _required(case, "runs that differ in any number", found.num_different),
    ]
    return Report(NAME, rows, list(range(seeds)), time.monotonic() - started)


def _carry_out(
    campaign: Campaign,
    root: Path,
    seed: int,
    found: Found,
    on_progress: Callable[[str], None],
) -> None:
    """Kill so often, one run after the other; every run is completed and compared."""
    rng = np.random.default_rng(seed)
    kills = 0
    for turn in count():
        run_seed = 1000 * seed + turn
        killed = _Run(campaign, root / f"killed{turn}", run_seed)
        while kills < campaign.num_kills:
            early = bool(rng.random() < campaign.early_share)
            delay = float(rng.uniform(0.0, campaign.startup if early else campaign.span))
            after = "its start" if early else "its first word"
            on_progress(f"kill {kills + 1} of {campaign.num_kills}: {delay:.3f} s after {after}")
            if not killed.die(early, delay, found):
                break
            kills += 1
        killed.complete()
        whole = _Run(campaign, root / f"whole{turn}", run_seed)
        whole.complete()
        found.num_compared += 1
        found.num_episodes += campaign.num_episodes
        if killed.contents() != whole.contents():
            found.num_different += 1
            found.lines.append(f"the killed run of seed {run_seed} is not the uninterrupted one")
        if kills >= campaign.num_kills:
            return


class _Run:
    """A learning run, life after life.

    Args:
        campaign: what it does.
        directory: of its store.
        seed: of the run.
    """

    def __init__(self, campaign: Campaign, directory: Path, seed: int) -> None:
        self._campaign, self._path = campaign, directory / FILE
        words = f"skill learn {SKILL} --method {campaign.method} --plant {PLANT} --json"
        numbers = f"--episodes {campaign.num_episodes} --seed {seed}"
        self._words = [*words.split(), *numbers.split(), "--out", str(directory)]
        self._line = re.compile(rf"^\s*(\d+)/{campaign.num_episodes} ")
        self._told = 0  # episodes that a life has said are there

    def die(self, early: bool, delay: float, found: Found) -> bool:
        """Start a life and kill it; return whether the kill came before its end.

        Args:
            early: whether `delay` counts from the start of the process, not from its first word.
            delay: until the kill [s].
            found: where losses are noted.
        """
        process = self._start()
        assert process.stderr is not None
        begun = [] if early else [process.stderr.readline()]
        time.sleep(delay)
        process.kill()
        lines = begun + process.communicate()[1].splitlines()
        if process.returncode == 0:  # too late: it was complete
            return False
        what = "learning" if any(line.startswith("learning") for line in lines) else "starting"
        if not self._path.is_file():
            what = "nothing was there yet"
        found.kills[what] += 1
        self._check(lines, found)
        return True

    def complete(self) -> None:
        """Learn to the end."""
        process = self._start()
        words = process.communicate()[1]
        if process.returncode != 0:
            last = " ".join(words.splitlines()[-1:])
            raise NoAnswer(f"vi-ik skill learn ended with {process.returncode}: {last}")

    def contents(self) -> list[tuple]:
        """Return everything in the store that is no time of a clock."""
        with EpisodeStore.read(self._path) as store:
            found: list[tuple] = []
            for entry in store.episodes():
                trace, suggestion = store.trace(entry.number), entry.suggestion
                assert trace is not None
                told = (suggestion.x.tolist(), repr(suggestion.probability), suggestion.reason)
                found.append((entry.number, *told, entry.episode.digest(), trace.digest()))
            for one in store.recommendations():
                what = one.recommendation
                numbers = repr((what.probability, what.cost, what.is_safe))
                found.append((one.num_outcomes, what.x.tolist(), numbers))
        return found

    def _start(self) -> subprocess.Popen[str]:
        """Begin the run, or go on with it."""
        resume = ["--resume"] if self._path.is_file() else []
        command = [sys.executable, "-m", "vi_ik_ros.cli.main", *self._words, *resume]
        return subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def _check(self, lines: list[str], found: Found) -> None:
        """Compare the store with what the life before its end has said."""
        matches = [match for line in lines if (match := self._line.match(line))]
        told = max([self._told, *(int(match.group(1)) for match in matches)])
        seeds: list[int] = []
        if self._path.is_file() and self._path.stat().st_size:
            try:
                if EpisodeStore.peek(self._path) is not None:
                    with EpisodeStore.read(self._path) as store:
                        seeds = [entry.episode.seed for entry in store.episodes()]
            except Exception as error:  # whatever it is, it must not be
                found.num_unreadable += 1
                found.lines.append(f"{type(error).__name__}: {error}")
                return
        found.num_lost += max(0, told - len(seeds))
        found.num_doubled += len(seeds) - len(set(seeds))
        self._told = len(seeds)


def _required(case: str, metric: str, number: int) -> Row:
    return Row(case, metric, number, None, 0.0, "goal")
