# SPDX-License-Identifier: Apache-2.0
"""The trained half of an amortized mixture, in torch."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians
from vi_ik_ros.sampling.models.amortized.layers.component_heads import ComponentHeads
from vi_ik_ros.sampling.models.amortized.layers.projection import (
    project_bases,
    project_coupling,
    project_log_scale,
    project_mixing,
)
from vi_ik_ros.sampling.models.amortized.layers.residual_network import ResidualNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized.shared_coupling import SharedCoupling
from vi_ik_ros.sampling.models.amortized.turning.turning_gaussians import TurningGaussians
from vi_ik_ros.sampling.models.soft_limits import SoftLimits


class AmortizedNetwork(nn.Module):
    """Contexts (B, dc) in, mixtures over the unlimited chart out, Eq. (17), with gradients.

    `AmortizedMixture` evaluates the same function of the same weights in numpy.
    """

    lower: Tensor
    upper: Tensor
    width: Tensor
    periodic: Tensor
    charted_lower: Tensor
    charted_upper: Tensor

    def __init__(self, options: AmortizedOptions) -> None:
        """Spread the component means over the limits; the caller seeds torch."""
        super().__init__()
        self.options = options
        (lower, upper), charted = options.turns.window(), options.turns.charted()
        for name, value in (
            ("lower", lower),
            ("upper", upper),
            ("charted_lower", charted[0]),
            ("charted_upper", charted[1]),
            ("width", options.limit_widths()),
            ("periodic", np.isin(range(options.num_dims), options.periodic)),
        ):
            row = torch.tensor(value, dtype=torch.float32)
            self.register_buffer(name, row, persistent=False)
        self._features = options.features()
        self.trunk = self._trunk()
        num_turned = len(self.lower[options.turned])
        self.log_gate_width = nn.Parameter(torch.full((num_turned,), math.log(0.2)))
        if options.num_bases:
            bases = 0.1 * torch.randn(options.num_bases, options.num_entries)
            self.coupling_bases = nn.Parameter(bases)
            centers = torch.zeros(options.num_components, options.num_entries)
            self.coupling_centers = nn.Parameter(centers)
        self._spread_components()

    @property
    def limits(self) -> SoftLimits[Tensor]:
        """The chart between z and configurations."""
        return SoftLimits(self.charted_lower, self.charted_upper, self.width)

    def _trunk(self) -> ResidualNetwork:
        options, outputs, head = self.options, sum(self.options.split), None
        if options.head_width:
            head = ComponentHeads(
                options.width, options.num_components, outputs, options.head_width
            )
        return ResidualNetwork(
            self._features.num_features,
            options.num_components * outputs,
            width=options.width,
            num_blocks=options.num_blocks,
            num_waves=options.num_waves,
            head=head,
        )

    def _spread_components(self) -> None:
        num_components, num_dims = self.options.num_components, self.options.num_dims
        bias = torch.zeros(num_components, sum(self.options.split))
        spread = torch.rand(num_components, num_dims)
        bias[:, 1 : 1 + num_dims] = self.lower + (self.upper - self.lower) * spread
        bias[:, 1 + num_dims : 1 + 2 * num_dims] = math.log(1.5)
        with torch.no_grad():
            self.trunk.head.bias.copy_(bias.flatten())
            self.trunk.head.weight.mul_(0.5)

    def forward(self, contexts: Tensor, mixed_precision: bool = False) -> ConditionalGaussians:
        """Return the mixture over z for every context row.

        Args:
            contexts: (B, dc) in wire form.
            mixed_precision: multiply matrices in bfloat16.
        """
        columns = self._features(contexts.cpu().double().numpy())
        features, offsets = (torch.as_tensor(c).to(self.lower) for c in columns)
        with torch.autocast(features.device.type, torch.bfloat16, enabled=mixed_precision):
            raw = self.trunk(features).float()
        raw = raw.view(len(contexts), self.options.num_components, -1)
        logits, loc, log_scale, coupling = raw.split(self.options.split, dim=-1)
        loc, log_gate = self._turn(loc + offsets[:, None])
        log_weights = torch.log_softmax(logits[..., 0] + log_gate, dim=-1)
        log_scale = project_log_scale(log_scale, self.options.projection)
        parameters = log_weights, loc, log_scale, self._coupling(coupling)
        if self.options.periodic:
            return TurningGaussians(*parameters, self.periodic)
        return ConditionalGaussians(*parameters)

    def _coupling(self, raw: Tensor) -> Tensor | SharedCoupling:
        """Return the coupling of outputs (B, K, D (D - 1) / 2), or (B, K, R) of shared bases."""
        projection = self.options.projection
        if not self.options.num_bases:
            return project_coupling(raw, projection)
        return SharedCoupling(
            project_mixing(raw, projection),
            project_bases(self.coupling_bases, projection),
            project_coupling(self.coupling_centers, projection),
        )

    def nudge(self, logits: Tensor, loc: Tensor) -> None:
        """Add constants to the logits (K,) and to the means (K, D) of all contexts."""
        rows = self.options.num_components, sum(self.options.split)
        with torch.no_grad():
            bias = self.trunk.head.bias.view(rows)
            bias[:, 0] += logits.to(bias)
            bias[:, 1 : 1 + self.options.num_dims] += loc.to(bias)

    def raise_gates(self, power: float) -> None:
        """Raise the gates of all components to a power, but for what joint limits make of them."""
        rows = self.options.num_components, sum(self.options.split), -1
        with torch.no_grad():
            for value in (self.trunk.head.weight, self.trunk.head.bias):
                value.view(rows)[:, 0] *= power

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the weights in half precision, as they are stored."""
        state = self.state_dict().items()
        return {name: value.detach().cpu().numpy().astype(np.float16) for name, value in state}

    def _turn(self, loc: Tensor) -> tuple[Tensor, Tensor]:
        """Wrap turned means about the middle of their limits; return (loc, log gate (B, K)).

        A solution turned out of the limits is none: its component is gated off, smoothly. A joint
        that turns all the way round is never out of them.
        """
        turned = self.options.turned
        lower, upper = self.lower[turned], self.upper[turned]
        with torch.no_grad():
            turns = torch.zeros_like(loc)
            middle = 0.5 * (lower + upper)
            turns[..., turned] = torch.floor((loc[..., turned] - middle) / (2 * math.pi) + 0.5)
        loc = loc - 2 * math.pi * turns
        per_width = torch.exp(-self.log_gate_width)
        above = logsigmoid((upper - loc[..., turned]) * per_width)
        below = logsigmoid((loc[..., turned] - lower) * per_width)
        return loc, ((above + below) * (1.0 - self.periodic[turned])).sum(-1)
