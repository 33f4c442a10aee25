# SPDX-License-Identifier: Apache-2.0
"""The settings of one update of a conditional mixture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Update:
    """The settings of one update.

    Attributes:
        learning_rate: of Adam.
        elbo_weight: weight of the reverse KL beside the forward KL; 0 leaves it out.
        elbo_contexts: contexts of the batch that the reverse KL is estimated on.
        elbo_samples: draws for each of them.
        softening: depth below which the log target falls only logarithmically, see
            `ElboDraws.softened`.
        widening: mean depth [nat] for each dimension to which the target is widened instead, see
            `ElboDraws.widened`; 0: it is softened.
        sir_weight: weight, in the reverse KL's, of the likelihood of importance-weighted draws.
        trust_region: first bound [nat] of how far a component may move in a few updates that
            follow the reverse KL; 0 for none.
        obsolete_below: share of the fair weight 1 / K below which a component is removed; 0 keeps
            all.
        mixed_precision: run the network's matrix products in bfloat16.
    """

    learning_rate: float
    elbo_weight: float = 0.0
    elbo_contexts: int = 128
    elbo_samples: int = 8
    softening: float = 10.0
    widening: float = 0.0
    sir_weight: float = 0.0
    trust_region: float = 0.0
    obsolete_below: float = 0.0
    mixed_precision: bool = False
