# SPDX-License-Identifier: Apache-2.0
"""What the trained halves of all generators share, in torch."""

import numpy as np
import torch
from torch import Tensor, nn

from vi_ik_ros.sampling.models.generators.options import GeneratorOptions
from vi_ik_ros.sampling.models.soft_limits import SoftLimits


class Standardisation(nn.Module):
    """Configurations and contexts to the rows that networks see, and back."""

    lower: Tensor
    upper: Tensor
    width: Tensor
    loc: Tensor
    scale: Tensor

    def __init__(self, options: GeneratorOptions) -> None:
        """Take limits, means and stds."""
        super().__init__()
        self._options = options
        for name, value in (
            ("lower", options.lower),
            ("upper", options.upper),
            ("width", options.limit_widths()),
            ("loc", options.loc),
            ("scale", options.scale),
        ):
            row = torch.tensor(value, dtype=torch.float32)
            self.register_buffer(name, row, persistent=False)

    def rows(self, x: Tensor) -> Tensor:
        """Return u (B, D) of configurations x (B, D) inside the limits."""
        limits = SoftLimits(self.lower, self.upper, self.width)
        return (limits.to_unlimited(x) - self.loc) / self.scale

    def features(self, contexts: Tensor) -> Tensor:
        """Return the scaled features (B, f) of contexts (B, dc) in wire form."""
        rows = self._options.scaled_features(contexts.cpu().double().numpy())
        return torch.as_tensor(rows).to(self.lower)


def perceptron(num_inputs: int, num_outputs: int, *, width: int, num_layers: int) -> nn.ModuleList:
    """Return linear layers for `through`."""
    sizes = [num_inputs, *[width] * num_layers, num_outputs]
    pairs = zip(sizes[:-1], sizes[1:], strict=True)
    return nn.ModuleList(nn.Linear(before, after) for before, after in pairs)


def through(layers: nn.ModuleList, rows: Tensor) -> Tensor:
    """Map rows (B, inputs) to (B, outputs), with silu between the layers."""
    for layer in layers[:-1]:
        rows = nn.functional.silu(layer(rows))
    return layers[-1](rows)


def stored(module: nn.Module, options: GeneratorOptions) -> dict[str, np.ndarray]:
    """Return what `options.tensor_shapes()` names, in single precision."""
    state = module.state_dict()
    names = options.tensor_shapes()
    return {name: state[name].detach().cpu().numpy().astype(np.float32) for name in names}
