# SPDX-License-Identifier: Apache-2.0
"""The models of the benchmark: ours, and simpler ones with the same network and time."""

from dataclasses import dataclass, field, replace

from vi_ik_ros.sampling.training.settings import FitSettings

OURS, PLAIN, VANILLA = "ours", "plain", "plain, ELBO alone"
NONE = {"trust_region": 0.0, "sir_weight": 0.0, "obsolete_below": 0.0}  # of what keeps modes apart
REVERSE_KL = 100.0  # weight of the ELBO beside which the likelihood is nothing
WIDENED = {"elbo_weight": 1.0, "widening": 1.0}  # of ours, the same for every arm


@dataclass(frozen=True)
class Model:
    """How a model is fitted.

    Attributes:
        name: of the case.
        family: of the model.
        changes: settings that are not the defaults.
    """

    name: str
    family: str = "amortized"
    changes: dict[str, float] = field(default_factory=dict)

    def settings(self, seed: int, limit: float) -> FitSettings:
        """Return the settings of one fit of at most so many seconds."""
        settings = FitSettings(seed=seed, time_limit=limit, steps=10**9)
        return replace(settings, **self.changes)  # type: ignore[arg-type]


MODELS = (
    Model("single Gaussian", changes={"num_components": 1}),
    Model(VANILLA, changes=NONE | {"sharpen_from": 0.0, "elbo_weight": REVERSE_KL}),
    Model(PLAIN, changes=NONE),
    Model("linear experts", family="moe"),
    Model(OURS, changes=WIDENED),
)
