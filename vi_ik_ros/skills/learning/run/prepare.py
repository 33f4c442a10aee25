# SPDX-License-Identifier: Apache-2.0
"""A learning run as somebody asks for it, checked before anything is carried out or written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.skill_file import skill_from
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore, store_path
from vi_ik_ros.skills.learning.methods import DEFAULT_METHOD, make_optimizer
from vi_ik_ros.skills.learning.optimizer import Optimizer
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.code_version import code_version
from vi_ik_ros.skills.learning.run.earlier import EarlierRun
from vi_ik_ros.skills.learning.run.learning_run import LearningRun

SAFE_START, EARLIER = "safe_start", "earlier"  # among the settings of a run
# Arguments of `make_optimizer`, and what a store keeps beside settings: no method has such one.
TAKEN = ("name", "problem", "seed", "safe_point", SAFE_START, EARLIER)
MOST_SEED = 2**63 - 1  # that SQLite keeps


@dataclass(frozen=True)
class LearningRequest:
    """What somebody asks for; what is None or empty is as in the store to go on with.

    Attributes:
        skill: the values of its file.
        scene: the values of its file.
        place: the store, or its directory.
        num_episodes: valid ones in all, those that the store holds included.
        resume: whether to go on with the run in the store; there must be none otherwise.
        plant: name of what carries out the episodes; None: not known yet.
        method: name of the optimiser, `DEFAULT_METHOD` where nothing is known.
        seed: of the optimiser and of all episodes, 0 where nothing is known.
        required_probability: of success, of recommendations.
        settings: of the method, by name.
        safe_start: whether the first episode has the default parameters, known to succeed.
        earlier: store of a similar skill to start from.
    """

    skill: Mapping
    scene: Mapping
    place: Path
    num_episodes: int
    resume: bool = False
    plant: str | None = None
    method: str | None = None
    seed: int | None = None
    required_probability: float = 0.8
    settings: Mapping[str, object] = field(default_factory=dict)
    safe_start: bool = False
    earlier: Path | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be used."""
        if self.num_episodes < 1:
            raise InvalidInput("num_episodes", self.num_episodes, "a whole number from 1")
        if self.seed is not None and not 0 <= self.seed <= MOST_SEED:
            raise InvalidInput("seed", self.seed, "a whole number from 0, below 2^63")
        if not 0.0 < self.required_probability < 1.0:
            expected = "a probability between 0 and 1"
            raise InvalidInput("required_probability", self.required_probability, expected)
        for name in TAKEN:
            if name in self.settings:
                raise InvalidInput(f"settings.{name}", self.settings[name], "no such setting")


@dataclass(frozen=True)
class PreparedRun:
    """A run that can begin, or go on.

    Attributes:
        request: what was asked for.
        path: the file of its store.
        problem: what is learned.
        optimizer: that has observed nothing yet.
        run: what decides it.
        code: version of the code that the store was begun with.
    """

    request: LearningRequest
    path: Path
    problem: Problem
    optimizer: Optimizer
    run: LearningRun
    code: str

    def on(self, plant: str) -> "PreparedRun":
        """Return the run with the name of what carries out the episodes."""
        return replace(self, run=replace(self.run, plant=plant))

    def open(self) -> EpisodeStore:
        """Open the store, in the thread that is to use it.

        Raises:
            InvalidInput: it is of another run, or cannot be written.
        """
        opened = EpisodeStore.resume if self.request.resume else EpisodeStore.begin
        return opened(self.path, self.run)


def prepare(request: LearningRequest) -> PreparedRun:
    """Return the run that a request describes; nothing is written.

    Raises:
        InvalidInput: a part of it cannot be used, be it the skill, the method or the store.
    """
    problem = Problem.of(skill_from(request.skill))
    path = store_path(request.place)
    stored = _stored(path, resume=request.resume)
    run = _run(request, stored, problem)
    if stored is not None:
        run.check_same(stored, str(path))
    optimizer = _optimizer(run, problem)
    code = run.code if stored is None else stored.code
    return PreparedRun(request, path, problem, optimizer, run, code)


def _stored(path: Path, *, resume: bool) -> LearningRun | None:
    """Return the run of a store that is to be gone on with; refuse one that is in the way."""
    if not path.is_file():
        if resume:
            expected = "a store that exists; without resume one is begun"
            raise InvalidInput("store", str(path), expected)
        return None
    stored = EpisodeStore.peek(path)
    if stored is not None and not resume:
        expected = "a new place, or resume to go on with the run that is there"
        raise InvalidInput("store", str(path), expected)
    return stored


def _run(request: LearningRequest, stored: LearningRun | None, problem: Problem) -> LearningRun:
    """Return the run; what is not given is as in the store."""
    settings: dict[str, object] = {} if stored is None else dict(stored.settings)
    settings |= request.settings
    if request.safe_start:
        settings[SAFE_START] = True
    if request.earlier is not None:
        settings[EARLIER] = EarlierRun.read(request.earlier, problem).noted()
    plant, method, seed = ("", DEFAULT_METHOD, 0)
    if stored is not None:
        plant, method, seed = stored.plant, stored.method, stored.seed
    return LearningRun(
        skill=request.skill,
        scene=request.scene,
        plant=plant if request.plant is None else request.plant,
        method=method if request.method is None else request.method,
        seed=seed if request.seed is None else request.seed,
        settings=settings,
        code=code_version(),
    )


def _optimizer(run: LearningRun, problem: Problem) -> Optimizer:
    """Return the optimiser of a run, as it is before the first episode."""
    options = {name: v for name, v in run.settings.items() if name not in (SAFE_START, EARLIER)}
    safe_point = None
    if run.settings.get(SAFE_START):
        defaults = [[parameter.default for parameter in problem.space.parameters]]
        # Back from a logarithm the end of a range may lie outside by a rounding.
        safe_point = np.clip(problem.space.to_unit(np.array(defaults))[0], 0.0, 1.0)
    return make_optimizer(
        run.method,
        problem,
        run.seed,
        safe_point=safe_point,
        earlier=_earlier(run, problem),
        **options,
    )


def _earlier(run: LearningRun, problem: Problem) -> tuple:
    """Return the outcomes that a run starts from; the store that holds them must be the same."""
    noted = run.settings.get(EARLIER)
    if noted is None:
        return ()
    found = EarlierRun.read(Path(noted["store"]), problem)
    if found.digest != noted["digest"]:
        expected = f"the episodes of digest {noted['digest'][:12]}, with which the run was begun"
        raise InvalidInput(EARLIER, f"{found.path} (digest {found.digest[:12]})", expected)
    return found.outcomes
