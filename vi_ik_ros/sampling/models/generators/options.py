# SPDX-License-Identifier: Apache-2.0
"""What an invertible network and a decoder have in common, and the sizes of each."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized.context_features import (
    PLACED,
    AxisSymmetry,
    ContextFeatures,
)
from vi_ik_ros.sampling.models.described.described_options import DescribedOptions, Shapes

LOSSES = ("likelihood", "source")  # that an invertible network can be trained by


@dataclass(frozen=True)
class GeneratorOptions(DescribedOptions):
    """Everything of a generator that is not a trained number.

    A generator works on u = (z - loc) / scale, where z is the chart of the joint limits, and on
    features of the context that are centred and scaled in the same way.

    Attributes:
        loc, scale: mean and std (D,) of z over the training pairs [rad or m].
        feature_loc, feature_scale: mean and std (f,) of the features.
        length_scale: positions are divided by it [m].
        limit_width: width of the soft limits [rad or m].
        width: of every hidden layer.
        num_layers: hidden layers of one network.
        latent_size: L, numbers of noise that one configuration is made from.
    """

    rows = ("lower", "upper", "loc", "scale", "feature_loc", "feature_scale")

    loc: tuple[float, ...]
    scale: tuple[float, ...]
    feature_loc: tuple[float, ...]
    feature_scale: tuple[float, ...]
    length_scale: float = 1.0
    limit_width: float = 0.1
    width: int = 128
    num_layers: int = 2
    latent_size: int = 1

    @property
    def num_features(self) -> int:
        """Length f of a feature row."""
        return len(self.feature_loc)

    def limit_widths(self) -> np.ndarray:
        """Return the width (D,) of each joint's soft limits, at most a quarter of its range."""
        return np.minimum(0.25 * np.subtract(self.upper, self.lower), self.limit_width)

    def features(self, contexts: np.ndarray) -> np.ndarray:
        """Return the features of context rows (B, dc), before they are centred and scaled.

        Beside those of every network: how far an arm is from being stretched, as the cosine rule
        has it. Near the end of its reach joints change with the root of the distance, which layers
        of a network bend into only slowly.
        """
        features = ContextFeatures(self.entries, self.num_dims, AxisSymmetry(), self.length_scale)
        columns, start = [features(contexts)[0]], 0
        for kind, size in self.entries:
            place = contexts[:, start : start + min(size, 3)]
            start += size
            if kind in (*PLACED, "vector"):
                stretched = (place**2).sum(1, keepdims=True) / self.length_scale**2
                columns.append(np.sqrt(np.maximum(0.0, 1.0 - stretched)))
        return np.concatenate(columns, axis=1)

    def scaled_features(self, contexts: np.ndarray) -> np.ndarray:
        """Return the features (B, f) of context rows (B, dc), centred and scaled."""
        rows = self.features(contexts)
        return (rows - np.array(self.feature_loc)) / np.array(self.feature_scale)

    def _perceptron_shapes(self, name: str, num_inputs: int, num_outputs: int) -> Shapes:
        sizes = [num_inputs, *[self.width] * self.num_layers, num_outputs]
        shapes: Shapes = {}
        for i, (before, after) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            shapes |= {f"{name}.{i}.weight": (after, before), f"{name}.{i}.bias": (after,)}
        return shapes


@dataclass(frozen=True)
class CouplingOptions(GeneratorOptions):
    """The sizes of an invertible network.

    Attributes:
        num_couplings: affine coupling layers.
        clamp: largest |log scale| of one layer.
        loss: `likelihood`: the context is an input of every layer, and the other side of the
            network is noise; `source`: the other side is [features of the context, noise, zeros].
    """

    num_couplings: int = 10
    clamp: float = 2.0
    loss: str = "likelihood"

    def __post_init__(self) -> None:
        """Refuse another loss.

        Raises:
            InvalidInput: it is none of `LOSSES`.
        """
        if self.loss not in LOSSES:
            raise InvalidInput("loss", self.loss, f"one of {', '.join(LOSSES)}")

    @property
    def num_conditions(self) -> int:
        """Features that every layer reads."""
        return self.num_features if self.loss == "likelihood" else 0

    @property
    def num_channels(self) -> int:
        """T, numbers on either side of the network."""
        if self.loss == "likelihood":
            return self.num_dims
        return max(self.num_dims, self.num_features + self.latent_size)

    @property
    def num_kept(self) -> int:
        """Channels that a layer reads and leaves as they are; it changes the other ones."""
        return self.num_channels // 2

    def tensor_shapes(self) -> Shapes:
        """See `DescribedOptions.tensor_shapes`; all are trained, in single precision."""
        size, kept = self.num_channels, self.num_kept
        shapes: Shapes = {}
        for i in range(self.num_couplings):
            shapes[f"rotation.{i}"] = (size, size)
            shapes |= self._perceptron_shapes(
                f"coupling.{i}", kept + self.num_conditions, 2 * (size - kept)
            )
        return shapes


@dataclass(frozen=True)
class DecoderOptions(GeneratorOptions):
    """The sizes of a conditional variational autoencoder; only its decoder is kept."""

    def tensor_shapes(self) -> Shapes:
        """See `DescribedOptions.tensor_shapes`; all are trained, in single precision."""
        return self._perceptron_shapes(
            "decoder", self.latent_size + self.num_features, self.num_dims
        )
