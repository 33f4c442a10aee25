# SPDX-License-Identifier: Apache-2.0
"""Every method that can learn a skill, by name.

A method is imported when it is made: BoTorch alone takes seconds.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.optimizer import Optimizer
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.method_settings import (
    Options,
    names_of,
    nearest,
    refuse_unknown,
    settings_of,
)

if TYPE_CHECKING:
    from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings

DEFAULT_METHOD = "factor_graph"
WARM_STARTED = ("factor_graph", "naive_bayes")  # that learn from an earlier skill


@dataclass(frozen=True)
class Known:
    """What is known before the first episode.

    Attributes:
        safe_point: (n_xi,) in the unit cube, known to succeed, for the first episode, or None.
        earlier: outcomes of a similar skill.
    """

    safe_point: np.ndarray | None
    earlier: tuple[EpisodeOutcome, ...]


Factory = Callable[[Problem, int, Known, Options], Optimizer]


def make_optimizer(
    name: str,
    problem: Problem,
    seed: int,
    *,
    safe_point: np.ndarray | None = None,
    earlier: Sequence[EpisodeOutcome] = (),
    **options: object,
) -> Optimizer:
    """Return an optimiser that has seen nothing yet.

    Args:
        name: one of METHODS.
        problem: the skill.
        seed: of everything random; equal seeds have equal initial points with every method.
        safe_point: (n_xi,) in the unit cube, known to succeed, for the first episode, or None.
        earlier: outcomes of a similar skill, for `WARM_STARTED`; there is no initial design then.
        options: fields of the method's settings.

    Raises:
        InvalidInput: the name, or that of an option, is unknown; an option has a wrong value; the
            method cannot start from what is known.
    """
    if name not in METHODS:
        raise InvalidInput("method", name, nearest(str(name), list(METHODS)))
    if earlier and name not in WARM_STARTED:
        expected = f"{' or '.join(WARM_STARTED)}, which learn from an earlier skill"
        raise InvalidInput("method", name, expected)
    if earlier and safe_point is not None:
        expected = "either of both: with earlier episodes there is no initial design"
        raise InvalidInput("safe_start", "a safe point beside earlier episodes", expected)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidInput("seed", seed, "a whole number of at least 0")
    return METHODS[name](problem, int(seed), Known(safe_point, tuple(earlier)), options)


def _factor_graph(problem: Problem, seed: int, known: Known, options: Options) -> Optimizer:
    from vi_ik_ros.skills.learning.graph_optimizer.factor_graph import FactorGraphOptimizer

    settings = _graph_settings(options)
    return FactorGraphOptimizer(
        problem, seed, settings, safe_point=known.safe_point, earlier=known.earlier
    )


def _naive_bayes(problem: Problem, seed: int, known: Known, options: Options) -> Optimizer:
    from vi_ik_ros.skills.learning.graph_optimizer.naive_bayes import NaiveBayesOptimizer

    settings = _graph_settings(options)
    return NaiveBayesOptimizer(
        problem, seed, settings, safe_point=known.safe_point, earlier=known.earlier
    )


def _sobol(problem: Problem, seed: int, known: Known, options: Options) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.monolithic.optimizer import Settings
    from vi_ik_ros.skills.learning.peers.sobol import Sobol

    return Sobol(problem, seed, settings_of(Settings, options), safe_point=known.safe_point)


def _eic(problem: Problem, seed: int, known: Known, options: Options) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.eic import Eic, EicSettings

    return Eic(problem, seed, settings_of(EicSettings, options), safe_point=known.safe_point)


def _nei(problem: Problem, seed: int, known: Known, options: Options) -> Optimizer:
    with _without_deprecations():
        from vi_ik_ros.skills.learning.peers.constrained_nei import ConstrainedNei
    from vi_ik_ros.skills.learning.peers.eic import EicSettings

    return ConstrainedNei(
        problem, seed, settings_of(EicSettings, options), safe_point=known.safe_point
    )


def _scbo(problem: Problem, seed: int, known: Known, options: Options) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.monolithic.optimizer import Settings

    with _without_deprecations():
        from vi_ik_ros.skills.learning.peers.scbo import Scbo

    return Scbo(problem, seed, settings_of(Settings, options), safe_point=known.safe_point)


def _pibu(problem: Problem, seed: int, known: Known, options: Options) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.pibu import Pibu, PibuSettings

    return Pibu(problem, seed, settings_of(PibuSettings, options), safe_point=known.safe_point)


def _gpcr(problem: Problem, seed: int, known: Known, options: Options) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.gpcr import Gpcr
    from vi_ik_ros.skills.learning.peers.monolithic.optimizer import Settings

    return Gpcr(problem, seed, settings_of(Settings, options), safe_point=known.safe_point)


METHODS: dict[str, Factory] = {
    "factor_graph": _factor_graph,
    "naive_bayes": _naive_bayes,
    "sobol": _sobol,
    "eic": _eic,
    "nei": _nei,
    "scbo": _scbo,
    "pibu": _pibu,
    "gpcr": _gpcr,
}


@contextmanager
def _without_deprecations() -> Iterator[None]:
    """Import BoTorch without what it and torch tell each other about their future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _graph_settings(options: Options) -> "GraphSettings":
    """Return settings of the graph; those of its constraints are options like any other."""
    from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
    from vi_ik_ros.skills.learning.models.constraint_settings import ConstraintSettings

    inner = names_of(ConstraintSettings)
    outer = [name for name in names_of(GraphSettings) if name != "constraints"]
    refuse_unknown(options, [*outer, *inner])
    rest = {name: value for name, value in options.items() if name not in inner}
    constraints = {name: value for name, value in options.items() if name in inner}
    return settings_of(
        GraphSettings, {**rest, "constraints": settings_of(ConstraintSettings, constraints)}
    )
