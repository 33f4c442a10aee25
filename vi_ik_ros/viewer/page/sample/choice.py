# SPDX-License-Identifier: Apache-2.0
"""What somebody has chosen on the page, and the request that it stands for."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.sampling.warm_start.distinct import DISTINCT_TOLERANCE
from vi_ik_ros.sampling.warm_start.solver import SampleRequest


@dataclass(frozen=True)
class SampleChoice:
    """The controls of the tab.

    Attributes:
        model: name in the model store.
        num_samples: robots to show.
        temperature: factor on the spread of the model; 0 = the model's usual.
        refine: refine each draw.
        distinct: show only one of configurations that are nearly the same, when refined.
        collision_free: leave out robots that collide with themselves.
        seed: random seed; the same one shows the same robots again.
    """

    model: str
    num_samples: int
    temperature: float
    refine: bool
    distinct: bool
    collision_free: bool
    seed: int

    def request(self, context: np.ndarray, *, can_refine: bool = True) -> SampleRequest:
        """Return the request for one context row (dc,); raw where the model cannot refine."""
        refine = self.refine and can_refine
        return SampleRequest(
            context=context,
            num_samples=self.num_samples,
            temperature=self.temperature,
            refine=refine,
            distinct_tolerance=DISTINCT_TOLERANCE if refine and self.distinct else 0.0,
            avoid_self_collision=self.collision_free,
            seed=self.seed,
        )
