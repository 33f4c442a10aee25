# SPDX-License-Identifier: Apache-2.0
"""Every switch of the optimisers on the graph."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.initial_design import NUM_INITIAL
from vi_ik_ros.skills.learning.models.constraint_settings import ConstraintSettings

Acquisition = Literal["conservative", "per_primitive", "sequential"]
BeforeSuccess = Literal["acquisition", "probability"]
AssignUnreached = Literal["off", "same_cause", "all"]
_WORDS = {
    "acquisition": get_args(Acquisition),
    "before_success": get_args(BeforeSuccess),
    "assign_unreached": get_args(AssignUnreached),
}
_LEAST = {
    "assumed_noise": 1,
    "assumed_radius": 0,
    "caution": 0,
    "edge_gain": 0,
    "num_candidates": 16,
    "num_workers": 1,
    "num_initial": 1,
    "rehearse_every": 0,
    "surroundings": 0,
}


@dataclass(frozen=True)
class GraphSettings:
    """What the optimisers on the graph leave open.

    Attributes:
        constraints: how factors are modelled.
        acquisition: `conservative`: Eq. (5.9), the sum weighted by the success of everything.
            `per_primitive`: Eq. (5.8). `sequential`: factors up to the primitive only.
        before_success: what is maximised until an episode succeeds: the `acquisition`, as in the
            source, or the `probability` of success alone.
        surroundings: half the side, in the unit cube, of what should lie inside the box around a
            point until an episode succeeds; 0: its bounds are as good as its middle.
        assign_unreached: failures given to factors that were not reached, Eq. (5.10). `off`, to
            those that share a parameter with the `same_cause`, or with `all` that was explored.
        assumed_noise: multiple of the noise variance of such failures.
        assumed_radius: a success nearer than this, in each parameter of the unit cube, removes
            them: a tenth of the length scale that is expected.
        expected_difference: of costs and constraints to those of an earlier, similar skill, in
            standard deviations of the earlier ones; how large it is, the data tell.
        structure_check: whether edges that the data ask for are added when hyper-parameters are
            fitted.
        edge_gain: log-evidence that an edge has to gain.
        expert_share: weight of the classifier of whole episodes, if there is one.
        caution: latent standard deviations by which thresholds are lowered in recommendations.
        rehearse_every: once something is known to succeed, every so many-th episode is of what
            would be recommended without caution. The acquisition alone prefers bolder parameters,
            and what is recommended would stay untried; 0: never.
        rehearsed_probability: of success, required of these.
        num_candidates: quasi-random points at which a search begins.
        num_workers: threads that fit factors; the fits do not depend on it.
        num_initial: episodes of the initial design.
    """

    constraints: ConstraintSettings = field(default_factory=ConstraintSettings)
    acquisition: Acquisition = "conservative"
    before_success: BeforeSuccess = "acquisition"
    surroundings: float = 0.25
    assign_unreached: AssignUnreached = "off"
    assumed_noise: float = 10.0
    assumed_radius: float = 0.05
    expected_difference: float = 0.3
    structure_check: bool = False
    edge_gain: float = 3.0
    expert_share: float = 0.5
    caution: float = 0.5
    rehearse_every: int = 2
    rehearsed_probability: float = 0.8
    num_candidates: int = 512
    num_workers: int = 1
    num_initial: int = NUM_INITIAL

    def __post_init__(self) -> None:
        """Refuse unknown words and sizes without a meaning."""
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                raise InvalidInput(name, getattr(self, name), f"one of {', '.join(known)}")
        for name, least in _LEAST.items():
            if not getattr(self, name) >= least:
                raise InvalidInput(name, getattr(self, name), f"at least {least}")
        if not 0.0 < self.expected_difference < float("inf"):
            raise InvalidInput("expected_difference", self.expected_difference, "more than 0")
        if not 0.0 < self.rehearsed_probability < 1.0:
            raise InvalidInput("rehearsed_probability", self.rehearsed_probability, "0 to 1")
        if not 0.0 <= self.expert_share <= 1.0:
            raise InvalidInput("expert_share", self.expert_share, "0 to 1")
