# SPDX-License-Identifier: Apache-2.0
"""The network between context features and mixture parameters."""

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from vi_ik_ros.sampling.models.amortized.layers.component_heads import ComponentHeads


class ResidualBlock(nn.Module):
    """h + W2 silu(W1 norm(h)), one step of a residual network of constant width."""

    def __init__(self, width: int) -> None:
        """Start as the identity: the second layer begins at zero."""
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """Map (B, width) to (B, width)."""
        return hidden + self.outer(silu(self.inner(self.norm(hidden))))


class ResidualNetwork(nn.Module):
    """Fourier features, residual blocks of one width, a linear head or one that is given."""

    frequencies: Tensor

    def __init__(
        self,
        num_features: int,
        num_outputs: int,
        *,
        width: int,
        num_blocks: int,
        num_waves: int,
        head: ComponentHeads | None = None,
    ) -> None:
        """Lay out the layers.

        Args:
            num_features: f, length of a feature row of order one.
            num_outputs: length of an output row.
            width: of every hidden layer.
            num_blocks: residual blocks.
            num_waves: random directions whose sine and cosine are offered beside the features.
            head: maps (B, width) to (B, num_outputs); None: a linear layer.
        """
        super().__init__()
        frequencies = 2.0 * torch.randn(num_features, num_waves)
        # Kept in half precision like all stored weights: a rounded frequency would be another one.
        self.register_buffer("frequencies", frequencies.half().float())
        self.entry = nn.Linear(num_features + 2 * num_waves, width)
        self.blocks = nn.ModuleList(ResidualBlock(width) for _ in range(num_blocks))
        self.norm = nn.LayerNorm(width)
        self.head: ComponentHeads | nn.Linear = head or nn.Linear(width, num_outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, f) to outputs (B, num_outputs)."""
        phase = features @ self.frequencies
        hidden = self.entry(torch.cat([features, torch.sin(phase), torch.cos(phase)], dim=-1))
        for block in self.blocks:
            hidden = block(hidden)
        return self.head(self.norm(hidden))
