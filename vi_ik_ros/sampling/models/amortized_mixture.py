# SPDX-License-Identifier: Apache-2.0
"""The conditional mixture whose gates, means and factors are a network of the context."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.conditional_gaussians import ConditionalGaussians
from vi_ik_ros.sampling.models.context_features import AxisSymmetry, ContextFeatures
from vi_ik_ros.sampling.models.fixed_mixture import FixedMixture
from vi_ik_ros.sampling.models.model import ConditionalModel, Samples
from vi_ik_ros.sampling.models.residual_network import ResidualNetwork
from vi_ik_ros.sampling.models.soft_limits import SoftLimits

LOG_SCALE_RANGE = (-2.0, 6.5)  # conditional stds between 7.4 rad and 0.0015 rad
CHUNK = 512  # rows evaluated at once: what they need stays in the processor's cache


@dataclass(frozen=True)
class AmortizedOptions:
    """Architecture of an amortized mixture; everything that is not a trained weight.

    Attributes:
        entries: kind and number of columns of each context entry.
        lower, upper: joint limits (D,) [rad or m]; -pi and pi for a continuous joint.
        symmetry: rotations explained by the first and last joint.
        length_scale: positions are divided by it [m].
        num_components: K.
        width, num_blocks, num_waves: of the residual network.
        limit_width: width of the soft limits [rad or m].
    """

    entries: tuple[tuple[str, int], ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    symmetry: AxisSymmetry
    length_scale: float = 1.0
    num_components: int = 48
    width: int = 512
    num_blocks: int = 3
    num_waves: int = 64
    limit_width: float = 0.1

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> Self:
        """Rebuild from the JSON form of `dataclasses.asdict`."""
        values = dict(mapping)
        try:
            symmetry = AxisSymmetry.from_options(values.pop("symmetry"))  # type: ignore[arg-type]
            values["entries"] = tuple((kind, size) for kind, size in values["entries"])  # type: ignore[attr-defined]
            for name in ("lower", "upper"):
                values[name] = tuple(values[name])  # type: ignore[arg-type]
            return cls(symmetry=symmetry, **values)  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            names = ", ".join(cls.__dataclass_fields__)
            raise InvalidInput("options", dict(mapping), f"the keys {names}") from error


class AmortizedNetwork(nn.Module):
    """The torch half: contexts (B, dc) in, mixtures over the unlimited chart out, Eq. (17)."""

    def __init__(self, options: AmortizedOptions) -> None:
        """Spread the component means over the limits; the caller seeds torch."""
        super().__init__()
        self.options = options
        self.num_dims, self.num_components = len(options.lower), options.num_components
        lower = torch.tensor(options.lower, dtype=torch.float32)
        upper = torch.tensor(options.upper, dtype=torch.float32)
        width = (upper - lower) * 0.25
        self.limits = SoftLimits(lower, upper, width.clamp_max(options.limit_width))
        self.features = ContextFeatures(
            options.entries, self.num_dims, options.symmetry, options.length_scale
        )
        couplings = self.num_dims * (self.num_dims - 1) // 2
        self.sizes = [1, self.num_dims, self.num_dims, couplings]
        self.trunk = ResidualNetwork(
            self.features.num_features,
            self.num_components * sum(self.sizes),
            width=options.width,
            num_blocks=options.num_blocks,
            num_waves=options.num_waves,
        )
        symmetry = options.symmetry
        self.turned = [i for i in (symmetry.first, symmetry.last) if i is not None]
        self.log_gate_width = nn.Parameter(torch.full((len(self.turned),), math.log(0.2)))
        self._spread_components(lower, upper)

    def _spread_components(self, lower: Tensor, upper: Tensor) -> None:
        bias = torch.zeros(self.num_components, sum(self.sizes))
        bias[:, 1 : 1 + self.num_dims] = lower + (upper - lower) * torch.rand(
            self.num_components, self.num_dims
        )
        bias[:, 1 + self.num_dims : 1 + 2 * self.num_dims] = math.log(1.5)
        with torch.no_grad():
            self.trunk.head.bias.copy_(bias.flatten())
            self.trunk.head.weight.mul_(0.5)

    def forward(self, contexts: Tensor) -> ConditionalGaussians:
        """Return the mixture over z for every context row (B, dc)."""
        with torch.autocast(contexts.device.type, enabled=False):  # angles need every digit
            features, offsets = self.features(contexts)
        raw = self.trunk(features).float()
        raw = raw.view(len(contexts), self.num_components, sum(self.sizes))
        logits, loc, log_scale, coupling = raw.split(self.sizes, dim=-1)
        logits = logits[..., 0]
        if self.turned:
            loc, log_mass = self._turn(loc + offsets[:, None])
            logits = logits + log_mass
        log_weights = torch.log_softmax(logits, dim=-1)
        return ConditionalGaussians(log_weights, loc, log_scale.clamp(*LOG_SCALE_RANGE), coupling)

    def _turn(self, loc: Tensor) -> tuple[Tensor, Tensor]:
        """Wrap turned means about the middle of their limits; return (loc, log gate (B, K)).

        A solution turned out of the limits is none: its component is gated off, smoothly.
        """
        lower, upper = self.limits.lower[self.turned], self.limits.upper[self.turned]
        turned = loc[..., self.turned]
        middle = (lower + upper) / 2
        with torch.no_grad():
            turns = torch.floor((turned - middle + math.pi) / (2 * math.pi))
        turned = turned - 2 * math.pi * turns
        width = self.log_gate_width.exp()
        log_mass = logsigmoid((upper - turned) / width) + logsigmoid((turned - lower) / width)
        loc = loc.clone()
        loc[..., self.turned] = turned
        return loc, log_mass.sum(-1)


class AmortizedMixture(ConditionalModel):
    """q(x | c), Eq. (17) to (19) with networks in place of linear functions; exact log density.

    The mixtures of the last contexts are kept: who draws from a context usually asks for the
    density of its refined rows next. The network's weights must not change between calls.
    """

    family = "amortized"

    def __init__(self, network: AmortizedNetwork) -> None:
        """Wrap a network whose training is over."""
        self.network = network
        self.num_dims = network.num_dims
        self.num_components = network.num_components
        self.context_size = network.features.context_size
        options = network.options
        self._limits = SoftLimits(
            torch.tensor(options.lower, dtype=torch.float64),
            torch.tensor(options.upper, dtype=torch.float64),
            network.limits.width.double(),
        )
        # Rounding may reach a limit, where the chart ends.
        lower, upper = self._limits.lower.numpy(), self._limits.upper.numpy()
        self._lower, self._upper = lower, upper
        self._margin = 1e-12 * (upper - lower)
        self._last: tuple[bytes, list[FixedMixture]] = (b"", [])

    def sample(
        self, contexts: np.ndarray, num_samples: int, rngs: Sequence[np.random.Generator]
    ) -> Samples:
        """See `ConditionalModel.sample`; the squashed chart leaves no mass to redraw."""
        shape = (len(rngs), num_samples)
        q = np.empty((*shape, self.num_dims))
        log_prob, component = np.empty(shape), np.empty(shape, dtype=np.uint32)
        for i, (mixture, rng) in enumerate(zip(self._mixtures(contexts), rngs, strict=True)):
            z, component[i] = mixture.sample(num_samples, rng)
            x = self._limits.to_limited(torch.from_numpy(z)).numpy()
            q[i] = np.clip(x, self._lower + self._margin, self._upper - self._margin)
            log_prob[i] = self._log_prob(mixture, q[i])
        return Samples(q=q, log_prob=log_prob, component=component)

    def log_prob(self, q: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """See `ConditionalModel.log_prob`; -inf outside the limits."""
        pairs = zip(self._mixtures(contexts), q, strict=True)
        return np.stack([self._log_prob(mixture, rows) for mixture, rows in pairs])

    def options(self) -> dict[str, object]:
        """Return `AmortizedOptions` as a mapping that JSON can hold."""
        return asdict(self.network.options)

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the network's weights as float16."""
        state = self.network.state_dict()
        return {
            name: value.detach().cpu().numpy().astype(np.float16)
            for name, value in state.items()
            if not name.startswith("limits.")
        }

    @classmethod
    def from_tensors(cls, options: Mapping[str, object], tensors: Mapping[str, np.ndarray]) -> Self:
        """See `ConditionalModel.from_tensors`."""
        network = AmortizedNetwork(AmortizedOptions.from_mapping(options))
        for name, value in network.state_dict().items():
            if name.startswith("limits."):
                continue
            if name not in tensors:
                raise InvalidInput(f"tensor {name}", "nothing", f"shape {tuple(value.shape)}")
            if tuple(tensors[name].shape) != tuple(value.shape):
                shape = tuple(tensors[name].shape)
                raise InvalidInput(f"tensor {name}", shape, f"shape {tuple(value.shape)}")
            value.copy_(torch.from_numpy(np.array(tensors[name], dtype=np.float32)))
        return cls(network.eval().requires_grad_(False))

    def _mixtures(self, contexts: np.ndarray) -> list[FixedMixture]:
        """Return the mixture over z of each context."""
        key = contexts.tobytes()
        last_key, mixtures = self._last
        if key != last_key:
            with torch.inference_mode():
                batch = self.network(torch.as_tensor(contexts, dtype=torch.float32))
                arrays = (batch.log_weights, batch.loc, batch.precision_factors())
            columns = (array.double().numpy() for array in arrays)
            mixtures = [FixedMixture.of(*row) for row in zip(*columns, strict=True)]
            self._last = key, mixtures
        return mixtures

    def _log_prob(self, mixture: FixedMixture, q: np.ndarray) -> np.ndarray:
        """Return log q(x | c) (n,) of rows q (n, D) under one context's mixture."""
        result = np.empty(len(q))
        inside = np.clip(q, self._lower, self._upper)
        for start in range(0, len(q), CHUNK):
            x = torch.from_numpy(inside[start : start + CHUNK])
            log_z = mixture.log_prob(self._limits.to_unlimited(x).numpy())
            result[start : start + CHUNK] = log_z + self._limits.log_derivative(x).numpy()
        return np.where((inside == q).all(-1), result, -np.inf)
