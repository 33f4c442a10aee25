# SPDX-License-Identifier: Apache-2.0
"""What an inference algorithm asks of any target."""

from typing import Protocol

from torch import Tensor


class Target(Protocol):
    """An unnormalised density p~(x | c), differentiable in x."""

    def log_density(self, q: Tensor, context: Tensor | None = None) -> Tensor:
        """Return log p~(x | c), (B,), of rows q (B, D) under context rows (B, dc)."""
        ...
