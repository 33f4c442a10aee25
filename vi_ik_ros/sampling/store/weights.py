# SPDX-License-Identifier: Apache-2.0
"""Weights as the bytes of a safetensors file."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from vi_ik_ros.exceptions import InvalidInput, ModelRefused

EXTRA_PREFIX = "extra."


@dataclass(frozen=True)
class Weights:
    """The arrays of a model file.

    Attributes:
        tensors: weights of the model by name, float16 or float32.
        extras: further arrays by name, which starts with `extra.`.
    """

    tensors: dict[str, np.ndarray]
    extras: dict[str, np.ndarray]


def pack_weights(tensors: Mapping[str, np.ndarray], extras: Mapping[str, np.ndarray]) -> bytes:
    """Return the bytes of a weights file.

    Args:
        tensors: weights; float16 stays, other floats become float32.
        extras: further arrays, stored as they are; names start with `extra.`.

    Raises:
        InvalidInput: A name is wrong or a number is not finite.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, array in tensors.items():
        if name.startswith(EXTRA_PREFIX):
            raise InvalidInput("tensor name", name, f"no {EXTRA_PREFIX} in front")
        dtype = np.float16 if array.dtype == np.float16 else np.float32
        with np.errstate(over="ignore"):
            arrays[name] = np.ascontiguousarray(array, dtype=dtype)
    for name, array in extras.items():
        if not name.startswith(EXTRA_PREFIX):
            raise InvalidInput("extra tensor name", name, f"{EXTRA_PREFIX} in front")
        arrays[name] = np.ascontiguousarray(array)
    for name, array in arrays.items():
        if not _is_finite(array):
            expected = f"finite numbers in {array.dtype.name}"
            raise InvalidInput(f"tensor {name}", "NaN or an infinity", expected)
    return save(arrays)


def unpack_weights(content: bytes, place: str) -> Weights:
    """Read the bytes of a weights file.

    Raises:
        ModelRefused: The bytes are no safetensors file, or a number in it is not finite.
    """
    try:
        arrays = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError):
        raise ModelRefused(f"{place} weights", "no safetensors file", "undamaged weights") from None
    for name, array in arrays.items():
        if not _is_finite(array):
            raise ModelRefused(f"{place} tensor {name}", "NaN or an infinity", "finite numbers")
    extras = {name: array for name, array in arrays.items() if name.startswith(EXTRA_PREFIX)}
    tensors = {name: array for name, array in arrays.items() if name not in extras}
    return Weights(tensors, extras)


def _is_finite(array: np.ndarray) -> bool:
    """Tell whether an array holds neither NaN nor an infinity."""
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
