# SPDX-License-Identifier: Apache-2.0
"""A last layer of its own for each component."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu


class ComponentHeads(nn.Module):
    """W_k silu(V_k h + v_k) + w_k: what the components share ends before a hidden layer of each."""

    def __init__(self, width: int, num_components: int, num_outputs: int, head_width: int) -> None:
        """Lay out K layers beside each other.

        Args:
            width: of what the components share.
            num_components: K.
            num_outputs: of one component.
            head_width: of each hidden layer.
        """
        super().__init__()
        self.inner = nn.Linear(width, num_components * head_width)
        shape, bound = (num_components, num_outputs, head_width), 1 / math.sqrt(head_width)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(num_components * num_outputs))

    def forward(self, hidden: Tensor) -> Tensor:
        """Map (B, width) to (B, K num_outputs)."""
        own = silu(self.inner(hidden)).view(len(hidden), len(self.weight), -1)  # (B, K, H)
        return torch.einsum("bkh,koh->bko", own, self.weight).flatten(1) + self.bias
