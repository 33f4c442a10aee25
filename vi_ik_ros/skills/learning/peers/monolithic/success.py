# SPDX-License-Identifier: Apache-2.0
"""Success of the whole skill as one function of all parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import numpy as np
from scipy.special import log_ndtr

from vi_ik_ros.skills.learning.models.gaussian_process import (
    GaussianProcess,
    Standardisation,
    TrainingData,
)
from vi_ik_ros.skills.learning.models.hyperparameters import Hyperparameters
from vi_ik_ros.skills.learning.peers.monolithic.history import History


class MonolithicProcess(GaussianProcess):
    """A process of all parameters that still knows its data.

    Args:
        x: (n, n_xi) in the unit cube.
        y: (n,) outputs, equally noisy.
        standardisation: of the outputs.
        hyperparameters: None fits them.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        standardisation: Standardisation,
        hyperparameters: Hyperparameters | None,
    ) -> None:
        every = np.ones(x.shape[1], dtype=bool)
        super().__init__(TrainingData.of(x, y), every, standardisation, hyperparameters)
        self.x, self.y, self.standardisation = x, y, standardisation


class SuccessModel(Protocol):
    """The probability of success, given some history."""

    def log_probability(self, x: np.ndarray) -> np.ndarray:
        """Return logs (m,) of the probability that an execution at points (m, n_xi) succeeds."""
        ...


# From the episodes that hyper-parameters are fitted to, a function from episodes to a model.
SuccessTuner = Callable[[History], Callable[[History], SuccessModel]]


@dataclass(frozen=True)
class RegressedSuccess:
    """A Gaussian process of one constraint, feasible when at most 0.

    Attributes:
        process: of the constraint.
    """

    process: MonolithicProcess

    def log_probability(self, x: np.ndarray) -> np.ndarray:
        """Return logs (m,), Eq. (5.7): one execution is decided by the noisy constraint."""
        mean, variance = self.process.predict(x)
        return log_ndtr(-mean / np.sqrt(variance + self.process.noise_variance))


def constraint_process(
    history: History, kind: Literal["label", "metric"], hyper: Hyperparameters | None
) -> MonolithicProcess:
    """Return the process of the constraint over the whole skill.

    Args:
        history: what it is conditioned on.
        kind: `label`: 1 of failures and -1 of successes, with prior mean 0, so that nothing is
            known far away. `metric`: the largest metric of all factors, its range squeezed with
            sign(v) log(1 + |v|) as SCBO does, so that one hard blow does not hide the boundary.
        hyper: None fits them.
    """
    if kind == "label":
        values = np.where(history.success, -1.0, 1.0)
        scaling = Standardisation()
    else:
        violation = history.completed_violation()
        values = np.sign(violation) * np.log1p(np.abs(violation))
        scaling = Standardisation.of(values, 1e-3)
    return MonolithicProcess(history.x, values, scaling, hyper)


def regressed_success(
    past: History, kind: Literal["label", "metric"]
) -> Callable[[History], RegressedSuccess]:
    """Fit the hyper-parameters of the constraint to past episodes."""
    return partial(
        _regressed, kind=kind, hyper=constraint_process(past, kind, None).hyperparameters
    )


def cost_process(history: History, hyper: Hyperparameters | None) -> MonolithicProcess:
    """Return the process of the cost of the whole skill; only successes have one."""
    cost = history.cost[history.success]
    scaling = Standardisation.of(cost, 1e-3)
    return MonolithicProcess(history.x[history.success], cost, scaling, hyper)


def _regressed(
    history: History, kind: Literal["label", "metric"], hyper: Hyperparameters
) -> RegressedSuccess:
    return RegressedSuccess(constraint_process(history, kind, hyper))
