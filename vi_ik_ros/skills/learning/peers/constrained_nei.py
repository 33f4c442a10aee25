# SPDX-License-Identifier: Apache-2.0
"""Constrained qLogNEI: noisy expected improvement by sampling, from BoTorch."""

from functools import partial

import numpy as np
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.acquisition.logei import qLogNoisyExpectedImprovement, qLogProbabilityOfFeasibility
from botorch.acquisition.objective import GenericMCObjective
from botorch.models import ModelListGP
from botorch.sampling import SobolQMCNormalSampler
from torch import Size, Tensor

from vi_ik_ros.skills.learning.peers.eic import EicSettings
from vi_ik_ros.skills.learning.peers.monolithic.botorch_models import (
    single_task_gp,
    tensor,
    undisturbed,
)
from vi_ik_ros.skills.learning.peers.monolithic.optimizer import Belief, MonolithicOptimizer
from vi_ik_ros.skills.learning.peers.monolithic.search import Search
from vi_ik_ros.skills.learning.peers.monolithic.success import (
    RegressedSuccess,
    regressed_success,
)
from vi_ik_ros.skills.learning.problem import Problem

NUM_SAMPLES = 128
MAX_BASELINE = 20  # of the cheapest successes; worse ones are hardly ever the best


class ConstrainedNei(MonolithicOptimizer):
    """Noisy expected improvement under the same two models as EIC.

    Information: as EIC with the same `constraint` setting. Before the first success it maximises
    the probability of feasibility, because without one the improvement has no meaning.

    Args:
        problem: the skill.
        seed: of everything random.
        settings: what is left open.
        safe_point: (n_xi,) known to succeed, for the first episode, or None.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int,
        settings: EicSettings | None = None,
        *,
        safe_point: np.ndarray | None = None,
    ) -> None:
        settings = settings or EicSettings()
        tune = partial(regressed_success, kind=settings.constraint)
        super().__init__(problem, seed, settings, tune, safe_point=safe_point)
        # Sampling costs some 0.1 ms a point: fewer points than the closed forms can afford.
        self.search = Search(problem.num_parameters, settings.num_candidates // 2)

    def acquire(self, belief: Belief, rng: np.random.Generator) -> tuple[np.ndarray, str]:
        """Return the highest acquisition; before the first success the likeliest success."""
        seed = int(rng.integers(2**31))
        with undisturbed(seed):
            acquisition = _acquisition(belief, seed)

            def score(x: np.ndarray) -> np.ndarray:
                return acquisition(tensor(x)[:, None, :]).numpy()

            known = belief.history.x[belief.history.success]
            x, _ = self.search.maximise(score, rng, known)
        return x, "feasibility" if belief.costs is None else "acquisition"


def _acquisition(belief: Belief, seed: int) -> AcquisitionFunction:
    """Return what is maximised, as a function of points (m, 1, n_xi)."""
    assert isinstance(belief.success, RegressedSuccess)
    constraint = single_task_gp(belief.success.process)
    sampler = SobolQMCNormalSampler(Size([NUM_SAMPLES]), seed=seed)
    if belief.costs is None:
        return qLogProbabilityOfFeasibility(constraint, [_first_output], sampler)
    successes = np.flatnonzero(belief.history.success)
    cheapest = successes[np.argsort(belief.history.cost[successes], kind="stable")]
    baseline = np.unique(belief.history.x[cheapest[:MAX_BASELINE]], axis=0)
    return qLogNoisyExpectedImprovement(
        ModelListGP(single_task_gp(belief.costs, sign=-1.0), constraint),
        tensor(baseline),
        sampler,
        objective=GenericMCObjective(_first_output_of),
        constraints=[_second_output],
        prune_baseline=False,
    )


def _first_output(samples: Tensor) -> Tensor:
    return samples[..., 0]


def _first_output_of(samples: Tensor, X: Tensor | None = None) -> Tensor:  # noqa: N803
    return samples[..., 0]


def _second_output(samples: Tensor) -> Tensor:
    return samples[..., 1]
