# SPDX-License-Identifier: Apache-2.0
"""Every method that can learn a skill, by name.

A method is imported when it is made: BoTorch alone takes seconds.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.optimizer import Optimizer
from vi_ik_ros.skills.learning.problem import Problem

if TYPE_CHECKING:
    from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings

Options = Mapping[str, object]
Factory = Callable[[Problem, int, np.ndarray | None, Options], Optimizer]
S = TypeVar("S")


def make_optimizer(
    name: str,
    problem: Problem,
    seed: int,
    *,
    safe_point: np.ndarray | None = None,
    **options: object,
) -> Optimizer:
    """Return an optimiser that has seen nothing yet.

    Args:
        name: one of METHODS.
        problem: the skill.
        seed: of everything random; equal seeds have equal initial points with every method.
        safe_point: (n_xi,) in the unit cube, known to succeed, for the first episode, or None.
        options: fields of the method's settings.

    Raises:
        InvalidInput: the name, or that of an option, is unknown; an option has a wrong value.
    """
    if name not in METHODS:
        raise InvalidInput("method", name, _nearest(str(name), list(METHODS)))
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidInput("seed", seed, "a whole number of at least 0")
    return METHODS[name](problem, int(seed), safe_point, options)


def _factor_graph(
    problem: Problem, seed: int, safe_point: np.ndarray | None, options: Options
) -> Optimizer:
    from vi_ik_ros.skills.learning.graph_optimizer.factor_graph import FactorGraphOptimizer

    settings = _graph_settings(options)
    return FactorGraphOptimizer(problem, seed, settings, safe_point=safe_point)


def _naive_bayes(
    problem: Problem, seed: int, safe_point: np.ndarray | None, options: Options
) -> Optimizer:
    from vi_ik_ros.skills.learning.graph_optimizer.naive_bayes import NaiveBayesOptimizer

    settings = _graph_settings(options)
    return NaiveBayesOptimizer(problem, seed, settings, safe_point=safe_point)


def _sobol(
    problem: Problem, seed: int, safe_point: np.ndarray | None, options: Options
) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.monolithic.optimizer import Settings
    from vi_ik_ros.skills.learning.peers.sobol import Sobol

    return Sobol(problem, seed, _settings(Settings, options), safe_point=safe_point)


def _eic(problem: Problem, seed: int, safe_point: np.ndarray | None, options: Options) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.eic import Eic, EicSettings

    return Eic(problem, seed, _settings(EicSettings, options), safe_point=safe_point)


def _nei(problem: Problem, seed: int, safe_point: np.ndarray | None, options: Options) -> Optimizer:
    with _without_deprecations():
        from vi_ik_ros.skills.learning.peers.constrained_nei import ConstrainedNei
    from vi_ik_ros.skills.learning.peers.eic import EicSettings

    return ConstrainedNei(problem, seed, _settings(EicSettings, options), safe_point=safe_point)


def _scbo(
    problem: Problem, seed: int, safe_point: np.ndarray | None, options: Options
) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.monolithic.optimizer import Settings

    with _without_deprecations():
        from vi_ik_ros.skills.learning.peers.scbo import Scbo

    return Scbo(problem, seed, _settings(Settings, options), safe_point=safe_point)


def _pibu(
    problem: Problem, seed: int, safe_point: np.ndarray | None, options: Options
) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.pibu import Pibu, PibuSettings

    return Pibu(problem, seed, _settings(PibuSettings, options), safe_point=safe_point)


def _gpcr(
    problem: Problem, seed: int, safe_point: np.ndarray | None, options: Options
) -> Optimizer:
    from vi_ik_ros.skills.learning.peers.gpcr import Gpcr
    from vi_ik_ros.skills.learning.peers.monolithic.optimizer import Settings

    return Gpcr(problem, seed, _settings(Settings, options), safe_point=safe_point)


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


def _settings(kind: type[S], options: Options) -> S:
    """Return settings with options as their fields."""
    _refuse_unknown(options, _names(kind))
    return kind(**options)


def _graph_settings(options: Options) -> "GraphSettings":
    """Return settings of the graph; those of its constraints are options like any other."""
    from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
    from vi_ik_ros.skills.learning.models.constraint_settings import ConstraintSettings

    inner = _names(ConstraintSettings)
    outer = [name for name in _names(GraphSettings) if name != "constraints"]
    _refuse_unknown(options, [*outer, *inner])
    constraints = {name: value for name, value in options.items() if name in inner}
    rest = {name: value for name, value in options.items() if name not in inner}
    rest["constraints"] = _settings(ConstraintSettings, constraints)
    return _settings(GraphSettings, rest)


def _names(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]


def _refuse_unknown(options: Options, known: Sequence[str]) -> None:
    for name in options:
        if name not in known:
            raise InvalidInput(f"options.{name}", "an unknown option", _nearest(name, known))


def _nearest(name: str, known: Sequence[str]) -> str:
    """Say which names are valid, the nearest first."""
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    listed = ", ".join(known)
    return f"{near[0]} (valid: {listed})" if near else f"one of {listed}"
