# SPDX-License-Identifier: Apache-2.0
"""The trained half of an invertible network, in torch."""

import numpy as np
import torch
from torch import Tensor, nn

from vi_ik_ros.sampling.models.generators.options import CouplingOptions
from vi_ik_ros.sampling.models.generators.torch_layers import (
    Standardisation,
    perceptron,
    stored,
    through,
)


class CouplingNetwork(nn.Module):
    """Affine couplings: each scales and shifts half of the channels by functions of the other half.

    Between them the channels are turned by fixed random rotations, of which permutations are the
    special case, so that every layer halves another split. `CouplingEvaluation` is the same
    function in numpy.
    """

    def __init__(self, options: CouplingOptions) -> None:
        """Start as a rotation; the caller seeds torch."""
        super().__init__()
        self.options = options
        self.standard = Standardisation(options)
        size, kept = options.num_channels, options.num_kept
        rotations = [torch.linalg.qr(torch.randn(size, size))[0] for _ in self._layers()]
        # No gradient: a rotation that were trained would not stay one.
        self.rotation = nn.ParameterList(nn.Parameter(R, requires_grad=False) for R in rotations)
        networks = [
            perceptron(
                kept + options.num_conditions,
                2 * (size - kept),
                width=options.width,
                num_layers=options.num_layers,
            )
            for _ in self._layers()
        ]
        for layers in networks:
            for parameter in layers[-1].parameters():
                nn.init.zeros_(parameter)
        self.coupling = nn.ModuleList(networks)

    def forward(self, u: Tensor, conditions: Tensor) -> tuple[Tensor, Tensor]:
        """Map rows (B, T) to the other side (B, T), with the log determinant (B,) of the map."""
        log_det = u.new_zeros(len(u))
        for i in self._layers():
            kept, changed = (u @ self.rotation[i]).tensor_split([self.options.num_kept], dim=1)
            log_scale, shift = self._affine(i, kept, conditions)
            u = torch.cat([kept, changed * log_scale.exp() + shift], dim=1)
            log_det = log_det + log_scale.sum(1)
        return u, log_det

    def inverse(self, v: Tensor, conditions: Tensor) -> Tensor:
        """Map the other side (B, T) back."""
        for i in reversed(self._layers()):
            kept, changed = v.tensor_split([self.options.num_kept], dim=1)
            log_scale, shift = self._affine(i, kept, conditions)
            v = torch.cat([kept, (changed - shift) * (-log_scale).exp()], dim=1)
            v = v @ self.rotation[i].T
        return v

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the numbers as they are stored."""
        return stored(self, self.options)

    def _layers(self) -> range:
        return range(self.options.num_couplings)

    def _affine(self, index: int, kept: Tensor, conditions: Tensor) -> tuple[Tensor, Tensor]:
        layers = self.coupling[index]
        assert isinstance(layers, nn.ModuleList)
        raw = through(layers, torch.cat([kept, conditions], dim=1))
        log_scale, shift = raw.chunk(2, dim=1)
        clamp = self.options.clamp
        return clamp * torch.tanh(log_scale / clamp), shift
