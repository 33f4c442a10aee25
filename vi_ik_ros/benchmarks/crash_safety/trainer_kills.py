# SPDX-License-Identifier: Apache-2.0
"""A trainer that is killed again and again, beside a sampler and somebody who demonstrates."""

import time
from collections.abc import Callable, Sequence

from vi_ik_ros.benchmarks.crash_safety.evidence.answers import Asker, Judge
from vi_ik_ros.benchmarks.crash_safety.evidence.found import (
    Found,
    answer_rows,
    kill_rows,
    required,
    set_rows,
)
from vi_ik_ros.benchmarks.crash_safety.evidence.ledger import Ledger
from vi_ik_ros.benchmarks.crash_safety.evidence.leftovers import Entry, entries, strays
from vi_ik_ros.benchmarks.crash_safety.evidence.processes import (
    Process,
    children,
    seconds_until_ended,
)
from vi_ik_ros.benchmarks.crash_safety.evidence.shown import JOINTS, Shown
from vi_ik_ros.benchmarks.crash_safety.moments import STARTING, Moment
from vi_ik_ros.benchmarks.crash_safety.site import MODELS, Site, seed_of
from vi_ik_ros.benchmarks.crash_safety.training_feed import TrainingFeed
from vi_ik_ros.benchmarks.hot_reload.cell import first_answer
from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.exceptions import NoAnswer, ViIkError
from vi_ik_ros.nodes.processes.private_trainer import PrivateTrainer
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.nodes.training.demonstrator import Demonstrator
from vi_ik_ros.sampling.training.jobs.job_status import JobState
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

CASE = "trainer killed"
PATIENCE = 120.0  # [s], for a phase to come
LAST_WORDS = 0.2  # [s], in which what a trainer has said before its death arrives
POLL = 0.1  # [s], for which a word of it is waited at once
ORPHAN = 5.0  # [s], that a worker may live after its trainer before it is one of those left over
STATES = (STARTING, "idle", "checking", "training", "storing")


class TrainerKills:
    """Lives of one trainer after the other in the same directories."""

    def __init__(
        self, site: Site, ledger: Ledger, judge: Judge, sampler: SamplerClient, shown: Shown
    ) -> None:
        """Start nothing yet.

        Args:
            site: where they work.
            ledger: of their sets.
            judge: learns the models that they store.
            sampler: client of the sampler on the same store.
            shown: the demonstrations.
        """
        self.found, self.ledger = Found(), ledger
        self._site, self._judge, self._sampler, self._shown = site, judge, sampler, shown
        self._left: set[Entry] = set()
        self._workers: set[Process] = set()

    def live(self, number: int) -> None:
        """Let a trainer train so many sets more, and all that wait, and end as Ctrl-C does."""
        self.ledger.state = None
        with self._site.trainer() as trainer:
            self._begin(trainer)
            feed = TrainingFeed(trainer.client, self.ledger)
            feed.fill(number)
            self._reach(feed, "idle")
        self.found.strays += strays(entries(self._site.root))
        self._check_store()

    def die(self, moment: Moment, demonstrator: Demonstrator) -> None:
        """Kill a trainer at a moment, and look at what is left."""
        self.ledger.state = None
        is_starting = moment.phase == STARTING
        with self._site.trainer(wait=not is_starting) as trainer:
            feed = TrainingFeed(trainer.client, self.ledger)
            if not is_starting:
                self._begin(trainer)
                self._reach(feed, moment.phase)
            time.sleep(moment.delay)
            workers = children(trainer.pid)
            trainer.kill()
            self._left_by(workers)
            while feed.hear(LAST_WORDS):
                pass
        self.found.states[self._doing()] += 1
        self._check_store()
        self._shown.check(self._site.database, demonstrator.acknowledged)

    def _doing(self) -> str:
        """Return one of `STATES`, by what the trainer has said last."""
        state = self.ledger.state
        if state is None:
            return STARTING
        at_rest = state is JobState.IDLE or state.is_final
        return "idle" if at_rest else state.name.lower()

    def _begin(self, trainer: PrivateTrainer) -> None:
        """Look at what a trainer that has just started has made of what the last one left."""
        self.found.startups.append(trainer.startup)
        running = self._site.running()
        self.found.strays += strays(self._left & entries(self._site.root), running)
        self.found.orphans += sum(worker.is_running for worker in self._workers)
        self._left, self._workers = set(), set()

    def _reach(self, feed: TrainingFeed, phase: str) -> None:
        """Wait until a trainer is in a phase; all but `idle` come because more is published."""
        end = time.monotonic() + PATIENCE
        while not self._is_in(phase):
            if phase != "idle":
                feed.fill(len(MODELS))
            done = self.ledger.num_done
            feed.hear(POLL)
            if self.ledger.num_done > done:
                self._learn()
            if time.monotonic() > end:
                raise NoAnswer(f"the trainer was not {phase} within {PATIENCE:.0f} s")

    def _is_in(self, phase: str) -> bool:
        state = self.ledger.state
        if phase == "idle":
            return self.ledger.is_idle
        return state is not None and state.name.lower() == phase

    def _learn(self) -> None:
        for stored in self._site.contents().models:
            self._judge.learn(stored)

    def _left_by(self, workers: frozenset[Process]) -> None:
        """Note what a trainer has left at its death, its workers at theirs."""
        seconds = seconds_until_ended(workers, ORPHAN)
        found = entries(self._site.root)
        self.found.unfinished += any(entry.is_unfinished for entry in found - self._left)
        self.found.orphan_seconds = max(self.found.orphan_seconds, seconds if workers else 0.0)
        self._left |= found
        self._workers |= workers

    def _check_store(self) -> None:
        """Read the store without a trainer: is each model whole, asked for, and served?"""
        contents = self._site.contents()
        self.found.unreadable += contents.refused
        self.ledger.settle(self._site.queued(), contents.seeds)
        for stored in contents.models:
            if not self.ledger.knows(stored.name, stored.digest, seed_of(stored)):
                self.found.foreign.append(stored.name)
            self._judge.learn(stored)
            try:
                request = SampleRequest(num_samples=1, seed=1)
                first_answer(self._sampler, stored.name, request, stored.digest)
            except ViIkError as error:
                self.found.unserved.append(str(error))


def trainer_rows(
    site: Site,
    ledger: Ledger,
    moments: Sequence[Moment],
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Row]:
    """Kill trainers at these moments.

    Args:
        site: an empty one.
        ledger: of all sets.
        moments: when.
        on_progress: called with a line before each kill.
    """
    shown, judge = Shown(), Judge()
    with site.sampler() as sampler:
        kills = TrainerKills(site, ledger, judge, sampler.client, shown)
        kills.live(len(MODELS))
        with (
            Demonstrator(
                f"{site.namespace}/trainer",
                JOINTS,
                shown.configuration,
                domain_id=site.domain_id,
            ) as demonstrator,
            Asker(sampler.full_name, site.domain_id, MODELS) as asker,
        ):
            for number, moment in enumerate(moments, 1):
                on_progress(f"trainer {number} of {len(moments)}: killed {moment}")
                kills.die(moment, demonstrator)
            kills.live(0)
            acknowledged = demonstrator.acknowledged
            shown.check(site.database, acknowledged)
    errors = [one.error for one in asker.asked if one.answer is None]
    for line in (*kills.found.lines(), *dict.fromkeys(errors), *ledger.failed):
        on_progress(line)
    wrong = judge.num_wrong(asker.asked, ledger.seeds)
    return [
        *kill_rows(CASE, kills.found, len(moments), STATES),
        Row(CASE, "kills in the middle of writing files", kills.found.unfinished),
        Row(CASE, "longest life of a worker after its trainer [s]", kills.found.orphan_seconds),
        required(CASE, "workers that outlive the next start", kills.found.orphans),
        required(CASE, "stored models that were not served", len(kills.found.unserved)),
        *answer_rows(CASE, len(asker.asked), len(errors), wrong),
        Row(CASE, "of them compared with their model's draws", judge.num_compared(asker.asked)),
        Row(CASE, "demonstrations acknowledged", acknowledged.num_recorded),
        required(CASE, "of them lost", shown.num_lost),
        required(CASE, "not as they were sent", shown.num_different + acknowledged.num_refused),
        *set_rows(CASE, ledger.num_done, len(ledger.lost) + len(ledger.open), len(ledger.failed)),
    ]
