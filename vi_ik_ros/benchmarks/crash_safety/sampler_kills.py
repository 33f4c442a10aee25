# SPDX-License-Identifier: Apache-2.0
"""A sampler that is killed again and again, beside a trainer that stores model after model."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from vi_ik_ros.benchmarks.crash_safety.evidence.answers import ask
from vi_ik_ros.benchmarks.crash_safety.evidence.found import (
    Found,
    answer_rows,
    kill_rows,
    required,
    set_rows,
)
from vi_ik_ros.benchmarks.crash_safety.evidence.ledger import Ledger
from vi_ik_ros.benchmarks.crash_safety.evidence.leftovers import entries, strays
from vi_ik_ros.benchmarks.crash_safety.moments import SAMPLER_PHASES, STARTING, Moment
from vi_ik_ros.benchmarks.crash_safety.site import MODELS, Site, seed_of
from vi_ik_ros.benchmarks.crash_safety.training_feed import TrainingFeed
from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

CASE = "sampler killed"
PATIENCE = 120.0  # [s], for the trainer to store another model, and to come to rest
LARGE = 100_000  # samples of a request that the sampler is killed over
REQUEST = SampleRequest(num_samples=4, seed=1)


class Trainings:
    """Keeps a trainer busy from a thread of its own, until it is closed; then it comes to rest."""

    def __init__(self, feed: TrainingFeed, ledger: Ledger) -> None:
        """Begin.

        Args:
            feed: of the trainer, used by nobody else meanwhile.
            ledger: that the feed writes.
        """
        self._feed, self._ledger = feed, ledger
        self._failure: Exception | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def wait_for_model(self) -> None:
        """Wait until the next model is stored.

        Raises:
            NoAnswer: none was.
        """
        done, end = self._ledger.num_done, time.monotonic() + PATIENCE
        while self._ledger.num_done == done:
            if self._failure is not None or time.monotonic() > end:
                raise NoAnswer(f"no model was stored: {self._failure or 'nothing was said'}")
            time.sleep(0.002)

    def _run(self) -> None:
        try:
            while not self._end.is_set():
                self._feed.fill(2)
                self._feed.hear(0.1)
            end = time.monotonic() + PATIENCE
            while not self._ledger.is_idle and time.monotonic() < end:
                self._feed.hear(0.1)
        except Exception as error:
            self._failure = error

    def __enter__(self) -> Self:
        """Return the trainings themselves."""
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until all that was published is trained."""
        self._end.set()
        self._thread.join()


class SamplerKills:
    """Lives of one sampler after the other on the same store."""

    def __init__(self, site: Site, ledger: Ledger, trainings: Trainings) -> None:
        """Start nothing yet.

        Args:
            site: where they work.
            ledger: of the sets that are trained meanwhile.
            trainings: what stores models meanwhile.
        """
        self.found = Found()
        self.failed: list[str] = []
        self.num_answers = self.num_wrong = 0
        self._site, self._ledger, self._trainings = site, ledger, trainings

    def die(self, moment: Moment) -> None:
        """Kill a sampler at a moment, and look at what is left."""
        is_starting, doing = moment.phase == STARTING, moment.phase
        before, began = self._site.contents().digests, time.monotonic()
        with self._site.sampler(wait=not is_starting) as sampler:
            if not is_starting:
                self._begin(sampler.client, before, began)
            if doing == "reloading":
                self._trainings.wait_for_model()
            if doing == "answering":
                self._ask_too_much(sampler.client, moment.delay)
            else:
                time.sleep(moment.delay)
            if is_starting and sampler.client.wait(0.0):
                doing = "idle"
            sampler.kill()
        self.found.states[doing] += 1
        contents = self._site.contents()
        self.found.unreadable += contents.refused
        for stored in contents.models:
            if not self._ledger.knows(stored.name, stored.digest, seed_of(stored)):
                self.found.foreign.append(stored.name)

    def _begin(self, client: SamplerClient, before: Mapping[str, str], began: float) -> None:
        """Ask a sampler that has just started for every model."""
        for model in MODELS:
            self._ask(client, model, before.get(model, ""))
            if model == MODELS[0]:
                self.found.startups.append(time.monotonic() - began)

    def _ask(self, client: SamplerClient, model: str, before: str) -> None:
        """Ask for a model, which the store has held since before the start, or holds now."""
        asked = ask(client, model, REQUEST)
        self.num_answers += 1
        if asked.answer is None:
            self.failed.append(asked.error)
        else:
            now = self._site.contents().digests.get(model, "")
            self.num_wrong += asked.answer.model_digest not in (before, now)

    def _ask_too_much(self, client: SamplerClient, seconds: float) -> None:
        """Send a large request, and do not wait for its answer."""
        request = SampleRequest(num_samples=LARGE, seed=1)
        try:
            client.sample(request, model=MODELS[0], timeout=seconds)
        except NoAnswer:
            pass


def sampler_rows(
    site: Site,
    ledger: Ledger,
    moments: Sequence[Moment],
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Row]:
    """Kill samplers at these moments.

    Args:
        site: one whose store has the models.
        ledger: of all sets.
        moments: when.
        on_progress: called with a line before each kill.
    """
    done, unsuccessful = ledger.num_done, len(ledger.failed)
    ledger.state = None
    with site.trainer() as trainer:
        with Trainings(TrainingFeed(trainer.client, ledger), ledger) as trainings:
            kills = SamplerKills(site, ledger, trainings)
            for number, moment in enumerate(moments, 1):
                on_progress(f"sampler {number} of {len(moments)}: killed {moment}")
                kills.die(moment)
    found = kills.found
    found.strays += strays(entries(site.root))
    for line in (*found.lines(), *kills.failed, *ledger.failed[unsuccessful:]):
        on_progress(line)
    failed = len(ledger.failed) - unsuccessful
    return [
        *kill_rows(CASE, found, len(moments), [phase.name for phase in SAMPLER_PHASES]),
        *answer_rows(CASE, kills.num_answers, len(kills.failed), kills.num_wrong),
        required(CASE, "exit code of the trainer beside it", trainer.exit_code or 0),
        *set_rows(CASE, ledger.num_done - done, len(ledger.open), failed),
    ]
