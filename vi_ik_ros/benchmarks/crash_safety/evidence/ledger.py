# SPDX-License-Identifier: Apache-2.0
"""Sets that a trainer was given, what it has said about each, and the models they have become."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus

Key = tuple[str, int]  # name of the model, stamp of the set [ns]


@dataclass
class Entry:
    """One set: its random seed, and whether a trainer has said that it has it."""

    seed: int
    acknowledged: bool = False


class Ledger:
    """Follows each set to its end, over any number of kills.

    Attributes:
        open: sets that have not ended.
        seeds: digest of each model that was stored, to the seed of its set.
        state: what the trainer has said last of what it does; None: nothing in this life.
        num_done: sets that have become a model.
        lost: sets that were acknowledged, and then neither trained nor in the queue.
        failed: what was said of sets that have ended without a model.
    """

    def __init__(self) -> None:
        """Know of no set."""
        self.open: dict[Key, Entry] = {}
        self.seeds: dict[str, int] = {}
        self.state: JobState | None = None
        self.num_done = 0
        self.lost: list[Key] = []
        self.failed: list[str] = []
        self._asked: set[tuple[str, int]] = set()

    @property
    def next_seed(self) -> int:
        """Return a seed that no set has had."""
        return 1 + len(self._asked)

    @property
    def is_idle(self) -> bool:
        """Tell whether the trainer has nothing to do, and has said so."""
        said = self.state is not None and (self.state is JobState.IDLE or self.state.is_final)
        return said and not self.open

    def send(self, model: str, stamp: int, seed: int) -> None:
        """Note a set that was published."""
        self.open[model, stamp] = Entry(seed)
        self._asked.add((model, seed))

    def hear(self, status: JobStatus) -> None:
        """Note what a trainer says."""
        if status.state is not JobState.QUEUED:  # That of a set that waits says nothing else.
            self.state = status.state
        key = (status.model, status.stamp)
        if key not in self.open:
            return
        self.open[key].acknowledged = True
        if not status.state.is_final:
            return
        entry = self.open.pop(key)
        if status.state is JobState.DONE:
            self.seeds[status.digest] = entry.seed
            self.num_done += 1
        else:
            self.failed.append(f"{status.model}: {status.state.name.lower()}, {status.message}")

    def settle(self, queued: Collection[Key], stored: Mapping[str, int]) -> None:
        """Find out, after a kill, what has become of each set.

        A set whose end was not heard may have ended: then the store holds its model.

        Args:
            queued: the sets in the file of the killed trainer.
            stored: name to the seed of the model that the store holds.
        """
        for key in [key for key in self.open if key not in queued]:
            entry = self.open.pop(key)
            if stored.get(key[0]) == entry.seed:
                self.num_done += 1
            elif entry.acknowledged:
                self.lost.append(key)

    def knows(self, model: str, digest: str, seed: int) -> bool:
        """Note a model that the store holds; tell whether a set has asked for it."""
        if (model, seed) not in self._asked:
            return False
        self.seeds[digest] = seed
        return True
