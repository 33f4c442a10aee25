# SPDX-License-Identifier: Apache-2.0
"""The models of the benchmark: fitted once, kept, and resumed where they were interrupted."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from vi_ik_ros.benchmarks.stored_fits import stored_fit
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.training.settings import FitSettings

TIP_STD = 0.003  # [m], by which a model may miss the point; near the end of the reach more shows


@dataclass(frozen=True)
class KeptFit:
    """A model and how it was fitted.

    Attributes:
        model: the model.
        seconds: of its fit.
        num_weights: numbers that it stores.
    """

    model: ConditionalModel
    seconds: float
    num_weights: int


def planar_objectives(num_joints: int, prior_std: float, *, tip_std: float = TIP_STD) -> Objectives:
    """Return the target: the tip at the context's point, every joint about zero.

    Args:
        num_joints: of the arm.
        prior_std: of every joint [rad].
        tip_std: by which the tip may miss the point [m].
    """
    document = {
        "robot": f"planar{num_joints}",
        "objectives": [
            {
                "name": "tip",
                "transform": {"type": "position", "frame": "tip", "axes": ["x", "y"]},
                "density": {"type": "normal", "std": tip_std},
            },
            {
                "name": "prior",
                "transform": {"type": "configuration"},
                "density": {"type": "normal", "mean": [0.0] * num_joints, "std": prior_std},
            },
        ],
        "context": [
            {"objective": "tip", "field": "mean", "distribution": {"type": "reachable"}},
        ],
    }
    return load_objectives(document, dtype=torch.float32)


def kept_fit(
    objectives: Objectives,
    family: str,
    settings: FitSettings,
    on_progress: Callable[[str], None] = lambda line: None,
) -> KeptFit:
    """Fit a model, or read the one that was fitted from the same before.

    Args:
        objectives: the target.
        family: of the model.
        settings: of the fit.
        on_progress: called with a line before a fit begins.
    """
    stored = stored_fit(objectives, family, settings, on_progress)
    seconds = float(str(stored.document["training"]["seconds"]))
    size = sum(tensor.size for tensor in stored.model.tensors().values())
    return KeptFit(stored.model, seconds, size)
