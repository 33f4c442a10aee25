# SPDX-License-Identifier: Apache-2.0
"""The fit of a mixture of linear experts: EM on pairs, then as an amortized mixture is fitted."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.inference.conditional import amortized, joint_mixture
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.amortized.turning.turns import Turns
from vi_ik_ros.sampling.models.linear_experts.network import LinearExperts
from vi_ik_ros.sampling.models.linear_experts.options import ExpertsOptions
from vi_ik_ros.sampling.models.mixture_of_experts import MixtureOfExperts
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.runs.amortized_run import NUM_COMPONENTS, AmortizedRun
from vi_ik_ros.sampling.training.settings import FitSettings
from vi_ik_ros.sampling.training.symmetry import reach

PAIRS_PER_COMPONENT, MIN_PAIRS = 1_000, 5_000  # of expectation maximisation
MAX_UPDATES, LEAST_GAIN = 60, 1e-3  # of it; [nat per pair] below which it has converged
STEPS = 6_000  # of gradient, unless told
STRIDE = 10.0  # of Adam in linear functions against its stride in networks


class ExpertsRun(AmortizedRun):
    """See `Run`; the first update is all of expectation maximisation, which takes seconds."""

    family = "moe"

    def __init__(self, objectives: Objectives, settings: FitSettings) -> None:
        """Build pairs and experts that know nothing yet.

        Raises:
            ObjectiveError: nothing is left open for a context.
        """
        rate, steps = STRIDE * settings.learning_rate, settings.steps or STEPS
        super().__init__(objectives, replace(settings, learning_rate=rate, steps=steps))
        self._begun = False

    def update(self, seconds: float) -> Mapping[str, float]:
        """See `Run.update`."""
        if self._begun:
            return super().update(seconds)
        self._begun = True
        options = self._experts.options
        experts, likelihood = _most_likely(options, self._pairs, self._generator)
        self._state = amortized.init(experts.to(self._product.chain.lower.device))
        return {"joint log-likelihood": likelihood}

    def restore(self, checkpoint: Checkpoint) -> None:
        """See `Run.restore`."""
        super().restore(checkpoint)
        self._begun = True

    @property
    def _experts(self) -> LinearExperts:
        network = self._state.network
        assert isinstance(network, LinearExperts)
        return network

    def _find_turns(self, objectives: Objectives) -> Turns:
        """Return none: linear means know no turns."""
        return Turns(objectives.robot.lower, objectives.robot.upper)

    def _network(self, objectives: Objectives, settings: FitSettings) -> LinearExperts:
        robot = objectives.robot
        contexts, _ = self._pairs.draw(4096, torch.Generator().manual_seed(0))
        options = ExpertsOptions(
            entries=tuple((e.kind, e.size) for e in objectives.product.context_entries),
            lower=tuple(float(bound) for bound in robot.lower),
            upper=tuple(float(bound) for bound in robot.upper),
            length_scale=round(reach(objectives, AxisSymmetry(), contexts.cpu()), 3),
            num_components=settings.num_components or NUM_COMPONENTS,
        )
        return LinearExperts.zeros(options)

    def _model(self) -> MixtureOfExperts:
        return MixtureOfExperts(self._experts.options, self._experts.tensors())


def _most_likely(
    options: ExpertsOptions, pairs: TrainingPairs, generator: torch.Generator
) -> tuple[LinearExperts, float]:
    """Return the most likely experts of training pairs, and their mean log p(y, x)."""
    num_pairs = max(MIN_PAIRS, PAIRS_PER_COMPONENT * options.num_components)
    contexts, x = (rows.cpu() for rows in pairs.draw(num_pairs, generator))
    y = torch.from_numpy(options.features()(contexts.double().numpy())[0])
    rows = torch.cat([y, x.double()], dim=1)
    components = joint_mixture.init(rows, options.num_components, generator)
    likelihood = -torch.inf
    for _ in range(MAX_UPDATES):
        components, info = joint_mixture.step(components, rows)
        gain, likelihood = info.log_likelihood - likelihood, info.log_likelihood
        if gain < LEAST_GAIN:
            break
    mixture = joint_mixture.condition(components, y.shape[1])
    return LinearExperts(options, _tensors(mixture)), likelihood


def _tensors(mixture: joint_mixture.ConditionedMixture) -> dict[str, np.ndarray]:
    """Return gates and experts by the names of `ExpertsOptions.tensor_shapes`."""
    gate_log_scale, gate_coupling = precision(mixture.gate.scale_tril)
    log_scale, coupling = precision(mixture.scale_tril)
    tensors = {
        "gate_logits": mixture.gate.log_weights,
        "gate_loc": mixture.gate.loc,
        "gate_log_scale": gate_log_scale,
        "gate_coupling": gate_coupling,
        "matrix": mixture.matrix,
        "offset": mixture.offset,
        "log_scale": log_scale,
        "coupling": coupling,
    }
    return {name: value.numpy() for name, value in tensors.items()}


def precision(scale_tril: Tensor) -> tuple[Tensor, Tensor]:
    """Return log scale (K, D) and coupling of L^-1, see `ConditionalGaussians`."""
    num_dims = scale_tril.shape[-1]
    identity = torch.eye(num_dims).to(scale_tril).expand_as(scale_tril)
    P = torch.linalg.solve_triangular(scale_tril, identity, upper=False)
    diagonal = P.diagonal(dim1=-2, dim2=-1)
    rows, columns = torch.tril_indices(num_dims, num_dims, -1)
    return diagonal.log(), (P / diagonal[..., None])[:, rows, columns]
