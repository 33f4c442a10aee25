# SPDX-License-Identifier: Apache-2.0
"""The trained networks of generators in numpy, for the rows of one context at a time.

What is trained in torch is served here, see `amortized.evaluation`.
"""

from collections.abc import Mapping

import numpy as np

from vi_ik_ros.sampling.models.generators.options import CouplingOptions

Tensors = Mapping[str, np.ndarray]


class PerceptronEvaluation:
    """Linear layers with silu between them: the function of `torch_layers.perceptron`."""

    def __init__(self, tensors: Tensors, name: str, num_layers: int) -> None:
        """Take the weights whose names begin with `name`, with so many hidden layers."""
        names = [f"{name}.{i}" for i in range(num_layers + 1)]
        self._weights = [np.asarray(tensors[f"{n}.weight"], np.float64).T for n in names]
        self._biases = [np.asarray(tensors[f"{n}.bias"], np.float64) for n in names]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Map rows (n, inputs) to (n, outputs)."""
        hidden = rows @ self._weights[0] + self._biases[0]
        for weight, bias in zip(self._weights[1:], self._biases[1:], strict=True):
            # Far below zero exp overflows to infinity, and silu is 0 as it should be.
            with np.errstate(over="ignore"):
                hidden /= 1.0 + np.exp(-hidden)
            hidden = hidden @ weight + bias
        return hidden


class CouplingEvaluation:
    """Affine couplings with rotations between them: the function of `CouplingNetwork`."""

    def __init__(self, options: CouplingOptions, tensors: Tensors) -> None:
        """Take weights with the shapes of `options.tensor_shapes()`."""
        self._kept, self._clamp = options.num_kept, options.clamp
        # Rotations to the last digit: stored in single precision they would not invert exactly.
        self._layers = [
            (
                _orthogonal(np.asarray(tensors[f"rotation.{i}"], np.float64)),
                PerceptronEvaluation(tensors, f"coupling.{i}", options.num_layers),
            )
            for i in range(options.num_couplings)
        ]

    def forward(self, u: np.ndarray, conditions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map rows (n, T) to the other side (n, T), with the log determinant (n,) of the map."""
        log_det = np.zeros(len(u))
        for rotation, network in self._layers:
            u = u @ rotation
            kept, changed = u[:, : self._kept], u[:, self._kept :]
            log_scale, shift = self._affine(network, kept, conditions)
            u = np.concatenate([kept, changed * np.exp(log_scale) + shift], axis=1)
            log_det += log_scale.sum(1)
        return u, log_det

    def inverse(self, v: np.ndarray, conditions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map the other side (n, T) back, with the log determinant (n,) of `forward`."""
        log_det = np.zeros(len(v))
        for rotation, network in reversed(self._layers):
            kept, changed = v[:, : self._kept], v[:, self._kept :]
            log_scale, shift = self._affine(network, kept, conditions)
            v = np.concatenate([kept, (changed - shift) * np.exp(-log_scale)], axis=1)
            v = v @ rotation.T
            log_det += log_scale.sum(1)
        return v, log_det

    def _affine(
        self, network: PerceptronEvaluation, kept: np.ndarray, conditions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return log scale and shift of the changed channels, each (n, T - kept)."""
        rows = np.broadcast_to(conditions, (len(kept), conditions.shape[-1]))
        log_scale, shift = np.split(network(np.concatenate([kept, rows], axis=1)), 2, axis=1)
        return self._clamp * np.tanh(log_scale / self._clamp), shift


def _orthogonal(matrix: np.ndarray) -> np.ndarray:
    """Return the rotation nearest to a matrix."""
    left, _, right = np.linalg.svd(matrix)
    return left @ right
