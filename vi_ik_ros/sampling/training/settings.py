# SPDX-License-Identifier: Apache-2.0
"""What a training run can be told."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vi_ik_ros.exceptions import InvalidInput

MANY_COMPONENTS = 10_000  # beyond which no mixture is fitted
STEPS = 40_000  # of networks that were not told


@dataclass(frozen=True)
class Range:
    """The numbers that a setting may have.

    Attributes:
        lowest: the smallest one.
        highest: the largest one.
        whole: whether they are whole numbers.
    """

    lowest: int | float
    highest: int | float
    whole: bool = True

    def checked(self, field: str, value: object) -> int | float:
        """Return a value as a number inside the range.

        Raises:
            InvalidInput: it is none; `field` is what the error calls it.
        """
        number: int | float = math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = value
        if not self.lowest <= number <= self.highest or (self.whole and number != int(number)):
            kind = "a whole number" if self.whole else "a number"
            raise InvalidInput(field, value, f"{kind} from {self.lowest:,} to {self.highest:,}")
        return int(number) if self.whole else float(number)


RANGES = {  # of what a fit can be told from outside
    "num_components": Range(1, 1_000_000),
    "seed": Range(0, 2**63 - 1),
    "steps": Range(1, 10**9),
    "time_limit": Range(0.001, 604_800.0, whole=False),  # [s], up to a week
    "width": Range(1, 8192),
    "num_blocks": Range(1, 64),
    "batch_size": Range(1, 10**6),
    "sharpen_from": Range(0.0, 1.0, whole=False),
    "elbo_weight": Range(0.0, 10.0, whole=False),
    "trust_region": Range(0.0, 1.0, whole=False),  # [nat]
    "sir_weight": Range(0.0, 100.0, whole=False),
    "widening": Range(0.0, 1000.0, whole=False),  # [nat] a joint
    "obsolete_below": Range(0.0, 1.0, whole=False),
}


@dataclass(frozen=True)
class FitSettings:
    """Settings of one fit; the defaults suit a 7-joint arm and a pose.

    The run ends after `steps` updates or `time_limit` seconds, whichever comes first, and its
    schedule (learning rate, sharpening) follows the nearer of the two ends. Only a run that is
    bounded by steps repeats exactly under the same seed.

    Attributes:
        num_components: K; None: 64 of a mixture with a context, 20 of another. Of a database it is
            the number of rows; None: 100,000.
        width, num_blocks: of the residual network. The layers of an invertible network have an
            eighth of the width, those of an autoencoder half of it.
        batch_size: pairs of one update. In equal time many small updates learn more than a
            quarter as many of four times the size.
        steps: updates; None: 40,000 of networks, 6,000 of linear experts, as many as
            it needs of another.
        time_limit: [s]; infinite for none.
        learning_rate: largest; it rises over 200 updates and falls along a half cosine; that of
            linear experts is ten times as large, that of an invertible network 2.5 times.
        sharpen_from: fraction of the run after which the ELBO joins the likelihood.
        elbo_weight: weight of the ELBO from then on.
        trust_region: first bound [nat] of how far the ELBO may move a component of networks in a
            few updates, adapted by component from then on; 0 for none.
        sir_weight: weight, in the ELBO's, of the likelihood of draws that are importance-weighted
            by the target; 0 for none: beside pairs the time is better spent on more updates.
        widening: mean depth [nat] of draws for each joint to which the ELBO's target is widened, so
            that it asks for no more than the network can resolve yet; the smaller, the more varied
            and the less accurate. 0 softens the depth of far draws instead.
        obsolete_below: share of the fair weight 1 / K below which a component that no context needs
            is removed in the second half of the run; 0 keeps all.
        loss: of an invertible network, `likelihood` or `source`; see `CouplingOptions`.
        decide_gates: raise the gates of the finished network to the power that suits the objective
            of the fit best; draws miss their target less often, and vary a little less.
        start: name or directory of a stored model whose network is trained further; '' begins with
            a fresh one. Its sizes are those of the model; where `num_components` is given, the
            components that contexts need are split until there are so many.
        seed: of weights, pairs and draws.
        checkpoint_every: [s] between checkpoints.
    """

    num_components: int | None = None
    width: int = 512
    num_blocks: int = 3
    batch_size: int = 256
    steps: int | None = None
    time_limit: float = math.inf
    learning_rate: float = 2e-3
    sharpen_from: float = 0.65
    elbo_weight: float = 0.15
    trust_region: float = 0.0
    sir_weight: float = 0.0
    widening: float = 0.0
    obsolete_below: float = 0.1
    loss: str = "likelihood"
    decide_gates: bool = False
    start: str = ""
    seed: int = 0
    checkpoint_every: float = 30.0

    def fraction(self, step: int, seconds: float) -> float:
        """Return how much of the run is done, 0 to 1."""
        return min(1.0, max(step / (self.steps or STEPS), seconds / self.time_limit))

    def learning_rate_at(self, step: int, fraction: float) -> float:
        """Return the learning rate of an update."""
        return (
            self.learning_rate * min(1, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * fraction))
        )


def checked_settings(given: Mapping[str, object], label: Callable[[str], str] = str) -> FitSettings:
    """Return the settings of a fit that was told these fields, each checked against its range.

    Args:
        given: fields of `FitSettings` by name, those of `RANGES`.
        label: what an error calls a field.

    Raises:
        InvalidInput: names the field, the value and the range.
    """
    values: dict[str, int | float] = {}
    for name, value in given.items():
        if name not in RANGES:
            raise InvalidInput(f"settings.{name}", value, f"one of {', '.join(RANGES)}")
        values[name] = RANGES[name].checked(label(name), value)
    return FitSettings(**values)  # type: ignore[arg-type]


def refuse_too_many(settings: FitSettings, family: str) -> None:
    """Refuse more components than a mixture may have; a database may have as many rows.

    Args:
        settings: of a fit.
        family: of its model; '' for what suits the objectives, which is never a database.

    Raises:
        InvalidInput: its field is `num_components`.
    """
    K = settings.num_components or 0
    if K > MANY_COMPONENTS and family != "kd_tree":
        expected = f"at most {MANY_COMPONENTS:,}; only kd_tree holds more rows"
        raise InvalidInput("num_components", K, expected)
