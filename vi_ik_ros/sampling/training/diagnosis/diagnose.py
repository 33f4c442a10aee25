# SPDX-License-Identifier: Apache-2.0
"""Tell before a fit whether its objectives can be met, alone and together.

Judged is the best configuration that a search finds, by standard deviations, root mean square
over the entries of an objective:

* Some objective is more than MOST of them worse than it can be by itself: objectives contradict
  each other, an error.
* The product is highest outside the joint limits, where no answer may be: an error.
* Some objective is more than FAIR of them off, because it is out of reach or because others are in
  its way: a warning. Its density still has a highest place, and that is what the fit finds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.densities import UniGauss
from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.training.diagnosis.climb import climb
from vi_ik_ros.sampling.training.diagnosis.search import FAIR, Search, deviations

NUM_LOOKED_AT = 2000  # random configurations
STEPS = 30  # of the climbs that tell whether the product is higher outside the joint limits
MOST = 20.0  # standard deviations that objectives may keep each other off
OUTSIDE = 20.0  # [nat] that the product may be higher outside the joint limits than inside
BESIDE = 1e-3  # [rad, m] past a limit that is still at it


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        error: why the objectives cannot be fitted, or None.
        warnings: which will not be met, one line each.
    """

    error: ObjectiveError | None = None
    warnings: tuple[str, ...] = ()


def explain(product: ProductOfExperts, generator: torch.Generator) -> ObjectiveError | None:
    """Return the error that names objectives without common mass, or None; see `diagnose`."""
    return diagnose(product, generator).error


def diagnose(product: ProductOfExperts, generator: torch.Generator) -> Diagnosis:
    """Tell whether the objectives of the first priority can be met, and what is in the way.

    Objectives that may be given up (uni_gauss) are in nobody's way. A product with a context is
    not judged: what it asks for comes later.

    Args:
        product: the target.
        generator: source of randomness.
    """
    product = product.to(torch.float64)
    first = [expert for expert in product.experts if expert.priority == product.priorities[0]]
    experts = [expert for expert in first if not isinstance(expert.density, UniGauss)]
    if product.context_entries or not experts:
        return Diagnosis()
    lower, upper = product.chain.lower, product.chain.upper
    share = torch.rand(NUM_LOOKED_AT, len(lower), generator=generator, dtype=torch.float64)
    search = Search(product, lower + (upper - lower) * share)
    possible = search.losses(experts, search.looked_at).isfinite()
    if not possible.all(1).any():
        return Diagnosis(_impossible(experts, possible))
    q = search.best(experts)
    if error := _outside(search, experts, q):
        return Diagnosis(error)
    together = deviations(search.losses(experts, q)[0], experts)
    alone = together.clone()
    for index in torch.nonzero(together > FAIR)[:, 0].tolist():
        one = [experts[index]]
        own = deviations(search.losses(one, search.best(one))[0], one)[0]
        alone[index] = own.minimum(together[index])
    worse = together - alone
    if (worse > MOST).any():
        return Diagnosis(_contradiction(search, experts, q, worse))
    return Diagnosis(warnings=_warnings(experts, alone, worse))


def _impossible(experts: Sequence[Expert], possible: Tensor) -> ObjectiveError:
    """Name the experts that are zero at all configurations (N, E), or all if only together."""
    never = ~possible.any(0)
    at_fault = [e for e, one in zip(experts, never, strict=True) if one or not never.any()]
    value = f"a density of zero at each of {len(possible)} random configurations"
    expected = "one that the robot can meet: widen the std, or move the target into reach"
    return ObjectiveError(_named(*(expert.name for expert in at_fault)), value, expected)


def _outside(search: Search, experts: Sequence[Expert], q: Tensor) -> ObjectiveError | None:
    """Tell whether a climb from q (1, D) that may leave the joint limits ends much higher."""
    chain = search.product.chain
    free = climb(search.product, experts, q, within_limits=False, steps=STEPS)
    starts = torch.cat([q, _unwound(free, search.product).clamp(chain.lower, chain.upper)])
    kept = climb(search.product, experts, starts, within_limits=True, steps=STEPS)
    losses = search.losses(experts, kept)
    gain = losses[losses.sum(1).argmin()] - search.losses(experts, free)[0]
    at = free[0].clamp(chain.lower, chain.upper)
    beyond = (free[0] - at).abs().masked_fill(chain.continuous, 0.0)
    if not (float(gain.sum()) > OUTSIDE and float(beyond.max()) > BESIDE):
        return None
    joint = int(beyond.argmax())
    name = chain.robot.joint_names[joint]
    expected = (
        f"a target that is met inside them: the best configuration found has {name} at "
        f"{float(free[0, joint]):.3g}, its limit is {float(at[joint]):.3g}; move the target, "
        f"widen its std, or bound the configuration more tightly (normal_cdf, joint_limits)"
    )
    value = "its mass outside the joint limits"
    return ObjectiveError(_named(experts[int(gain.argmax())].name), value, expected)


def _unwound(q: Tensor, product: ProductOfExperts) -> Tensor:
    """Take whole turns from joints that turn, so that they come near the middle of their limits."""
    chain, tree = product.chain, product.chain.robot.tree
    turns = [False] * tree.num_base + [joint.type != "prismatic" for joint in tree.joints]
    wound = (q - 0.5 * (chain.lower + chain.upper)) / (2.0 * math.pi)
    return torch.where(torch.tensor(turns), q - 2.0 * math.pi * wound.round(), q)


def _contradiction(
    search: Search, experts: Sequence[Expert], q: Tensor, worse: Tensor
) -> ObjectiveError:
    """Name the expert that others keep off most, and the one that pulls hardest against it."""
    slopes = search.slopes(experts, q)  # (E, D)
    victim = int(worse.argmax())
    pull = slopes @ slopes[victim]
    pull[victim] = torch.inf
    pair = sorted({victim, int(pull.argmin())})
    names = [experts[index].name for index in pair]
    figures = [f"{experts[index].name} is {float(worse[index]):.3g}" for index in pair]
    expected = (
        f"configurations that suit both: at the best one found {' and '.join(figures)} standard "
        f"deviations worse than by itself; move one of them, widen its std, or give it a later "
        f"priority"
    )
    return ObjectiveError(_named(*names), "no common mass", expected)


def _warnings(experts: Sequence[Expert], alone: Tensor, worse: Tensor) -> tuple[str, ...]:
    """Describe the experts that are off by more than is fair, alone or for the sake of others."""
    lines = []
    for expert, own, more in zip(experts, alone.tolist(), worse.tolist(), strict=True):
        if own > FAIR:
            lines.append(
                f"{_named(expert.name)}: out of reach, {own:.3g} standard deviations off at the "
                f"best configuration found"
            )
        elif more > FAIR:
            lines.append(
                f"{_named(expert.name)}: compromised for others, {more:.3g} standard deviations "
                f"worse than by itself at the best configuration found"
            )
    return tuple(lines)


def _named(*names: str) -> str:
    """Name objectives as the field of an error."""
    return f"objective{'s' * (len(names) > 1)} {', '.join(names)}"
