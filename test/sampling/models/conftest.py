# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable

import pytest
import torch

from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture


@pytest.fixture
def make_model() -> Callable[..., AmortizedMixture]:
    """Build an untrained mixture whose parameters do depend on the context."""

    def make(lower, upper, entries=(("pose", 7),), symmetry=None, **options) -> AmortizedMixture:
        torch.manual_seed(0)
        sizes = {"num_components": 5, "width": 16, "num_blocks": 1, "num_waves": 4} | options
        options = AmortizedOptions(
            entries, tuple(lower), tuple(upper), symmetry or AxisSymmetry(), **sizes
        )
        network = AmortizedNetwork(options)
        with torch.no_grad():
            D = len(lower)
            bias = network.trunk.head.bias.view(options.num_components, -1)
            bias[:, 1 + D : 1 + 2 * D] += 1.0  # narrow: hardly a draw beyond the chart's resolution
        return AmortizedMixture(options, network.tensors())

    return make
