# SPDX-License-Identifier: Apache-2.0
"""How good a model is on contexts it has not seen, with fixed seeds."""

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.exceptions import ModelRefused, ObjectiveError
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.inference.estimates.entropy import entropy
from vi_ik_ros.sampling.inference.estimates.maximum_mean_discrepancy import (
    inverse_multiquadrics,
    squared_mmd,
)
from vi_ik_ros.sampling.models.component_mixture import ComponentMixture
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.training.pairs import TrainingPairs

SEED = 20_240_601  # of every score, so that scores of equal objectives compare
NUM_CONTEXTS = 1000
NUM_SAMPLES = 16


def score(model: ConditionalModel, pairs: TrainingPairs) -> dict[str, float]:
    """Return held-out figures of a model, all means over contexts.

    Keys: `elbo` (E_q[log p~ - log q], the score that models of equal objectives are ranked by),
    `elbo_median` (over draws; robust to the few far ones), `entropy` of q and
    `log_likelihood` of held-out pairs. Of a mixture also `components_used`, how many its draws came
    from, and `components_per_context`, how many those of one context did.

    A model without a density has `log_target` (E_q[log p~]), its median, and `mmd`: the unbiased
    squared distance of pairs (context, draw) from held-out pairs, each column scaled by its std.

    Args:
        model: the model, as it will be served.
        pairs: of its objectives.
    """
    generator = torch.Generator().manual_seed(SEED)
    contexts, x = pairs.draw(NUM_CONTEXTS, generator, held_out=True)
    rows = contexts.cpu().double().numpy()
    rngs = [np.random.default_rng([SEED, i]) for i in range(len(rows))]
    samples = model.sample(rows, NUM_SAMPLES, rngs)
    drawn = torch.from_numpy(samples.q.reshape(-1, model.num_dims)).to(x)
    repeated = contexts.repeat_interleave(NUM_SAMPLES, dim=0) if contexts.shape[1] else None
    with torch.no_grad():
        log_target = pairs.product.log_density(drawn, repeated, priorities=(0,))
    if not model.has_log_prob:
        first = torch.from_numpy(samples.q[:, 0]).to(x)
        return {
            "log_target": float(log_target.mean()),
            "log_target_median": float(log_target.median()),
            "mmd": _mmd(torch.cat([contexts, x], 1), torch.cat([contexts, first], 1)),
        }
    reward = log_target.cpu().double().numpy() - samples.log_prob.reshape(-1)
    likelihood = model.log_prob(x.cpu().double().numpy()[:, None], rows)
    return {
        "elbo": float(reward.mean()),
        "elbo_median": float(np.median(reward)),
        "entropy": float(-samples.log_prob.mean()),
        "log_likelihood": float(likelihood.mean()),
        **(_usage(samples.component) if model.num_components > 1 else {}),
    }


def score_mixture(model: ComponentMixture, product: ProductOfExperts) -> dict[str, float]:
    """Return figures of an unconditional model: `elbo`, `elbo_median`, `entropy`; see `score`.

    The entropy is that of the whole mixture, `entropy_stderr` its error, 0 where it is exact.

    Args:
        model: the model, as it will be served.
        product: its target, in float64.

    Raises:
        ObjectiveError: hardly any draw lies inside the joint limits.
    """
    rngs = [np.random.default_rng([SEED, 0])]
    try:
        samples = model.sample(np.empty((1, 0)), NUM_CONTEXTS * NUM_SAMPLES, rngs)
    except ModelRefused as error:
        names = ", ".join(expert.name for expert in product.experts)
        value = f"a fit of {names} with hardly any mass inside the joint limits"
        expected = "targets within reach, an objective for the joint limits, or a longer fit"
        raise ObjectiveError("objectives", value, expected) from error
    with torch.no_grad():
        log_target = product.log_density(torch.from_numpy(samples.q[0]), priorities=(0,))
    reward = log_target.numpy() - samples.log_prob[0]
    spread = entropy(model, NUM_CONTEXTS * NUM_SAMPLES, np.random.default_rng([SEED, 1]))
    return {
        "elbo": float(reward.mean()),
        "elbo_median": float(np.median(reward)),
        "entropy": spread.value,
        "entropy_stderr": spread.stderr,
    }


def _usage(component: np.ndarray) -> dict[str, float]:
    """Return how many components draws (B, n) came from, in all and on average over contexts."""
    each = np.mean([len(np.unique(row)) for row in component])
    used = float(len(np.unique(component)))
    return {"components_used": used, "components_per_context": float(each)}


def _mmd(held_out: Tensor, drawn: Tensor) -> float:
    """Return the unbiased squared distance of rows (n, d), one half of each side's contexts.

    No context is on both sides: rows would be close for that alone.
    """
    scale = held_out.std(0).clamp_min(1e-9)
    half = len(held_out) // 2
    one, other = (held_out / scale)[:half].double(), (drawn / scale)[half:].double()
    return float(squared_mmd(one, other, inverse_multiquadrics(), unbiased=True))
