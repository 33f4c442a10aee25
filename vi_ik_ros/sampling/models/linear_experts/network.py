# SPDX-License-Identifier: Apache-2.0
"""The trained half of a mixture of experts, in torch."""

from collections.abc import Mapping
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians
from vi_ik_ros.sampling.models.linear_experts.options import ExpertsOptions
from vi_ik_ros.sampling.models.soft_limits import SoftLimits


class LinearExperts(nn.Module):
    """Contexts (B, dc) in, mixtures over x out, Eq. (17), with gradients.

    `MixtureOfExperts` evaluates the same function of the same numbers in numpy. Here the means are
    matrix_k (y - center_k) + loc_k: about the place where an expert is asked, a step in its matrix
    hardly moves its mean.
    """

    gate_logits: Tensor
    gate_loc: Tensor
    gate_log_scale: Tensor
    gate_coupling: Tensor
    matrix: Tensor
    loc: Tensor
    log_scale: Tensor
    coupling: Tensor
    center: Tensor
    lower: Tensor
    upper: Tensor

    def __init__(self, options: ExpertsOptions, tensors: Mapping[str, np.ndarray]) -> None:
        """Take starting values by the names of `options.tensor_shapes()`."""
        super().__init__()
        self.options = options
        self._features = options.features()
        for name, shape in options.tensor_shapes().items():
            if tensors[name].shape != shape:
                raise InvalidInput(f"tensor {name}", tensors[name].shape, f"shape {shape}")
            value = torch.from_numpy(np.array(tensors[name], np.float32))
            if name == "offset":
                center = torch.from_numpy(np.array(tensors["gate_loc"], np.float32))
                self.register_buffer("center", center)
                matrix = torch.from_numpy(np.array(tensors["matrix"], np.float32))
                name, value = "loc", value + (matrix @ center[..., None])[..., 0]
            self.register_parameter(name, nn.Parameter(value))
        for name, bound in (("lower", -torch.inf), ("upper", torch.inf)):
            row = torch.full((options.num_dims,), bound)
            self.register_buffer(name, row, persistent=False)

    @classmethod
    def zeros(cls, options: ExpertsOptions) -> Self:
        """Return one without any knowledge, to be filled by `load_state_dict`."""
        shapes = options.tensor_shapes().items()
        return cls(options, {name: np.zeros(shape, np.float32) for name, shape in shapes})

    @property
    def limits(self) -> SoftLimits[Tensor]:
        """The chart between z and configurations, here the identity: there are no limits."""
        return SoftLimits(self.lower, self.upper, torch.ones_like(self.lower))

    def forward(self, contexts: Tensor, mixed_precision: bool = False) -> ConditionalGaussians:
        """Return the mixture over x for every context row.

        Args:
            contexts: (B, dc) in wire form.
            mixed_precision: nothing here is large enough for it.
        """
        y = torch.as_tensor(self._features(contexts.cpu().double().numpy())[0]).to(self.lower)
        centred = y[:, None] - self.center  # (B, K, f)
        loc = torch.einsum("kdf,bkf->bkd", self.matrix, centred) + self.loc
        shape = (len(contexts), -1, -1)
        return ConditionalGaussians(
            log_weights=torch.log_softmax(self._gate_logits(y), dim=-1),
            loc=loc,
            log_scale=self.log_scale.expand(shape),
            coupling=self.coupling.expand(shape),
        )

    def _gate_logits(self, y: Tensor) -> Tensor:
        """Return log h_k(y) but for a constant, (B, K), at features y (B, f)."""
        parameters = (self.gate_logits, self.gate_loc, self.gate_log_scale, self.gate_coupling)
        gate = ConditionalGaussians(*(parameter[None] for parameter in parameters))
        P = gate.precision_factors()[0]  # (K, f, f), the same for all rows: one product whitens
        shift = (P @ self.gate_loc[..., None])[..., 0]
        u = (y @ P.flatten(0, 1).T).view(len(y), *shift.shape) - shift  # (B, K, f)
        return self.gate_logits + self.gate_log_scale.sum(-1) - 0.5 * u.square().sum(-1)

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the numbers in single precision, as they are stored."""
        with torch.no_grad():
            offset = self.loc - (self.matrix @ self.center[..., None])[..., 0]
        named = dict(self.named_parameters()) | {"offset": offset}
        names = self.options.tensor_shapes()
        return {name: named[name].detach().cpu().numpy().astype(np.float32) for name in names}
