# SPDX-License-Identifier: Apache-2.0
"""Screw insertion as formulas: an exact and cheap stand-in, whose truth is known.

It is ours: forms after the constraints of the skill, constants chosen so that 5 to 10 % of the box
are feasible and every primitive fails somewhere. It tells how optimisers compare on a problem of
this structure, and nothing about a robot. With D = hypot(F_pk - F_c, 0.5 N) and
ring = e^(6 (L / L_c - 0.55)):

    impact       F_pk = F_0 + k t_r v at most F_max
    correction   D ring at most the largest ring; tau ln(1 + D / zeta) at most its time
    search       lift a v_s / sqrt(K_P); impulse b + c v_s between two bounds
    insert       (F_ins - F_c) ring, and tau ln(F_ins / zeta), as in the correction

Here L = k K_P dt is the loop gain, L_c its critical value (Eq. 3.4) and tau = 1 / (k K_P). The cost
is the mean of 1 - u of both speeds in the unit cube, and of both times over their limits.
"""

import numpy as np
from scipy.special import log_ndtr

from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate_constants import (
    FORCE_NOISE,
    TIME_NOISE,
    SurrogateConstants,
)
from vi_ik_ros.benchmarks.skill_learning.tasks.task import Truth
from vi_ik_ros.skills.execution.parameters import ParameterSpace, SkillParameter
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem

SPACE = ParameterSpace(
    (
        SkillParameter("approach_speed", "m/s", 0.001, 0.1, "linear", 0.01),
        SkillParameter("force_gain", "m/(N s)", 2e-4, 1e-2, "log", 2e-3),
        SkillParameter("search_speed", "m/s", 0.001, 0.025, "linear", 0.006),
    )
)
NAMES = ("approach", "correction", "search", "insert")  # of primitives and of their factors
ADJACENCY = ((1, 0, 0), (1, 1, 0), (0, 1, 1), (0, 1, 0))  # A^FG of Eq. (6.9)
SCOPES = ((1, 0, 0), (1, 1, 0), (0, 0, 1), (0, 1, 0))
FACTOR_OF = np.array([0, 1, 1, 2, 2, 2, 3, 3])  # the factor of each constraint
IS_TIME = np.array([False, False, True, False, False, False, False, True])
NOISE = np.where(IS_TIME, TIME_NOISE, FORCE_NOISE)  # (8,)
SETTLING, INSERTING = 2, 7  # the constraints that are times


class Surrogate:
    """The stand-in.

    Args:
        constants: of its formulas.

    Attributes:
        problem: what optimisers know of it.
    """

    def __init__(self, constants: SurrogateConstants | None = None) -> None:
        self._constants = constants or SurrogateConstants()
        self.problem = Problem(
            space=SPACE,
            primitives=NAMES,
            factors=("impact", *NAMES[1:]),
            weights=np.full(4, 0.25),
            scopes=np.array(SCOPES, dtype=bool),
            adjacency=np.array(ADJACENCY, dtype=bool),
            activity=np.eye(4, dtype=bool),
        )

    def execute(self, x: np.ndarray, seed: int) -> EpisodeOutcome:
        """Return an episode; primitives after the first violation are not reached."""
        x = np.clip(np.asarray(x, dtype=float), 0.0, 1.0)
        noise = NOISE * np.random.default_rng(seed).standard_normal(len(NOISE))
        excess = self.excesses(x[None])[0] + noise  # (8,)
        scaled = excess / self._constants.limits
        constraints = np.array([scaled[j == FACTOR_OF].max() for j in range(4)])
        violated = np.flatnonzero(constraints > 0.0)
        last = int(violated[0]) if len(violated) else 4
        reached = np.arange(4) <= last
        costs = self._costs(x[None], excess[None])[0]
        return EpisodeOutcome(
            x=x,
            success=last == 4,
            last_primitive=last,
            costs=np.where(np.arange(4) < last, costs, np.nan),
            constraints=np.where(reached, constraints, np.nan),
            kept=np.where(reached, constraints <= 0.0, np.nan),
            fired=np.arange(4) == last,
        )

    def truth(self, x: np.ndarray) -> Truth:
        """Return what parameters are worth without noise."""
        cost, feasible, probability = self.truths(np.asarray(x, dtype=float)[None])
        return Truth(float(cost[0]), bool(feasible[0]), float(probability[0]))

    def truths(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return costs, whether feasible, and probabilities of success of points (n, 3)."""
        excess = self.excesses(np.clip(x, 0.0, 1.0))
        log_probability = log_ndtr(-excess / NOISE).sum(1)  # noises are independent
        costs = self._costs(x, excess) @ self.problem.weights
        return costs, np.all(excess <= 0.0, axis=1), np.exp(log_probability)

    def excesses(self, x: np.ndarray) -> np.ndarray:
        """Return (n, 8) of points (n, 3): metric - limit of every constraint [N or s]."""
        c = self._constants
        v, gain, search = SPACE.from_unit(x).T  # (n,) each
        peak = c.touch_force + c.stiffness * c.reaction_time * v
        step = np.hypot(peak - c.contact_force, c.least_step)
        ring = np.exp(6.0 * (gain / c.critical_gain - 0.55))
        tau = 1.0 / (c.stiffness * gain)
        impulse = c.impulse_offset + c.impulse_slope * search
        metrics = (
            peak,
            step * ring,
            tau * np.log1p(step / c.settle_tolerance),
            c.lift * search / np.sqrt(gain),
            2.0 * c.min_impulse - impulse,  # mirrored: it has to be larger than its limit
            impulse,
            (c.insert_force - c.contact_force) * ring,
            tau * np.log(c.insert_force / c.settle_tolerance),
        )
        return np.stack(metrics, axis=1) - c.limits  # (n, 8)

    def _costs(self, x: np.ndarray, excess: np.ndarray) -> np.ndarray:
        """Return costs (n, 4) of primitives: both speeds, both times as far as measured."""
        times = excess[:, [SETTLING, INSERTING]] / self._constants.max_time + 1.0
        times = np.clip(times, 0.0, 1.0)
        return np.stack([1.0 - x[:, 0], times[:, 0], 1.0 - x[:, 2], times[:, 1]], axis=1)
