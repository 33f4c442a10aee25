# SPDX-License-Identifier: Apache-2.0
"""The learning loop: suggest, carry out, commit, observe; it goes on where a store ends."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.trace import Trace
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore
from vi_ik_ros.skills.learning.episode_store.stored_episode import (
    StoredEpisode,
    StoredRecommendation,
)
from vi_ik_ros.skills.learning.optimizer import Optimizer, Suggestion
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.progress import Ending, LearningSummary, Progress
from vi_ik_ros.skills.learning.run.seeds import episode_seed

RECOMMENDED_EVERY = 10  # valid episodes, and at the end
MOST_INVALID = 3  # in a row, after which something other than parameters needs looking after

RunEpisode = Callable[[Mapping[str, float], int], tuple[Episode, Trace | None]]


def learn(
    problem: Problem,
    optimizer: Optimizer,
    run_episode: RunEpisode,
    store: EpisodeStore,
    *,
    num_episodes: int,
    required_probability: float = 0.8,
    on_suggestion: Callable[[Suggestion, Progress], None] = lambda suggestion, progress: None,
    on_episode: Callable[[StoredEpisode, Progress], None] = lambda entry, progress: None,
    stopping: Callable[[], bool] = lambda: False,
) -> LearningSummary:
    """Learn from episodes until there are enough valid ones in a store.

    Every episode is on the disk before the optimiser sees it. What the store holds already is
    shown to the optimiser first, so that its next suggestion is that of a run without interruption.
    Invalid episodes are stored and not observed: the same suggestion is tried with another seed.

    Args:
        problem: what is learned.
        optimizer: that has observed nothing yet.
        run_episode: carries out an episode with parameters, by name and in their units, and a seed.
        store: of this run; an empty one, or one to go on with.
        num_episodes: valid ones, those included that the store holds.
        required_probability: of success, of recommendations.
        on_suggestion: called before an episode is carried out.
        on_episode: called after an episode has been committed and observed.
        stopping: asked before each episode whether to end.

    Raises:
        InvalidInput: the store is damaged, or the disk takes no more.
    """
    loop = _Loop(problem, optimizer, run_episode, store, required_probability)
    invalid = 0
    ending = Ending.COMPLETE
    while loop.progress.num_valid < num_episodes:
        if stopping():
            ending = Ending.STOPPED
            break
        if invalid == MOST_INVALID:
            ending = Ending.INVALID
            break
        entry = loop.step(on_suggestion)
        on_episode(entry, loop.progress)
        invalid = 0 if entry.is_valid else invalid + 1
    return LearningSummary(ending, loop.progress, loop.recommended())


class _Loop:
    """A run between two episodes."""

    def __init__(
        self,
        problem: Problem,
        optimizer: Optimizer,
        run_episode: RunEpisode,
        store: EpisodeStore,
        required_probability: float,
    ) -> None:
        """Show the optimiser what the store holds."""
        self._problem, self._optimizer, self._run_episode = problem, optimizer, run_episode
        self._store, self._required = store, required_probability
        self._seed = store.run.seed
        self._waiting: tuple[Suggestion, float] | None = None  # tried, and not valid yet
        self.progress = Progress()
        for entry in store.episodes():
            self._observe(entry)
        self._recommend_now_and_then()  # if that is where the run was interrupted

    def step(self, on_suggestion: Callable[[Suggestion, Progress], None]) -> StoredEpisode:
        """Carry out one episode, commit it, then observe it."""
        suggestion, suggest_seconds = self._suggestion()
        on_suggestion(suggestion, self.progress)
        parameters = self._problem.space.named(suggestion.x)
        progress = self.progress
        seed = episode_seed(self._seed, progress.num_valid, progress.num_tries)
        begin = time.perf_counter()
        episode, trace = self._run_episode(parameters, seed)
        entry = StoredEpisode(
            number=progress.num_episodes + 1,
            suggestion=suggestion,
            episode=_usable(episode, self._problem),
            suggest_seconds=suggest_seconds,
            episode_seconds=time.perf_counter() - begin,
            ended=time.time(),
        )
        self._store.add(entry, trace)
        self._observe(entry)
        self._recommend_now_and_then()
        return entry

    def recommended(self) -> StoredRecommendation | None:
        """Return what the optimiser recommends now, stored; None before the first outcome."""
        number = self.progress.num_valid
        if number == 0:
            return None
        for stored in self._store.recommendations():
            if (stored.num_outcomes, stored.required_probability) == (number, self._required):
                return stored
        found = self._optimizer.recommend(self._required)
        entry = StoredRecommendation(number, self._required, found)
        self._store.add_recommendation(entry)
        return entry

    def _recommend_now_and_then(self) -> None:
        """Keep a recommendation where one is due."""
        if self.progress.num_valid % RECOMMENDED_EVERY == 0:
            self.recommended()

    def _suggestion(self) -> tuple[Suggestion, float]:
        """Return what is tried next, and how long its choice took [s]."""
        if self._waiting is None:
            begin = time.perf_counter()
            suggestion = self._optimizer.suggest()
            self._waiting = suggestion, time.perf_counter() - begin
        return self._waiting

    def _observe(self, entry: StoredEpisode) -> None:
        """Take an episode that is on the disk into account."""
        self.progress = self.progress.after(entry)
        if entry.is_valid:
            self._optimizer.observe(EpisodeOutcome.of(entry.episode, self._problem))
            self._waiting = None


def _usable(episode: Episode, problem: Problem) -> Episode:
    """Return an episode of which nothing can be learned as an invalid one.

    It must not be stored as a valid one: the store could not be gone on with.
    """
    if episode.invalid_reason:
        return episode
    try:
        EpisodeOutcome.of(episode, problem)
    except InvalidInput as error:
        return replace(episode, invalid_reason=str(error))
    return episode
