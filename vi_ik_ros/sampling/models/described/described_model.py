# SPDX-License-Identifier: Apache-2.0
"""A model that is its options and the arrays that they name."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import asdict
from typing import ClassVar, Generic, Self, TypeVar

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.described.described_options import DescribedOptions
from vi_ik_ros.sampling.models.model import ConditionalModel

Options = TypeVar("Options", bound=DescribedOptions)


class DescribedModel(ConditionalModel, ABC, Generic[Options]):
    """Stores options and arrays as they came, and reads them back checked."""

    options_type: ClassVar[type[DescribedOptions]]  # of which `from_tensors` reads

    def __init__(self, options: Options, tensors: Mapping[str, np.ndarray]) -> None:
        """Take the options and the arrays that `from_tensors` has checked."""
        self._options, self._tensors = options, dict(tensors)
        self.num_dims, self.context_size = options.num_dims, options.context_size
        self._lower, self._upper = np.array(options.lower), np.array(options.upper)

    def options(self) -> dict[str, object]:
        """Return the options as a mapping that JSON can hold."""
        return asdict(self._options)

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the arrays as they came."""
        return dict(self._tensors)

    @classmethod
    def from_tensors(cls, options: Mapping[str, object], tensors: Mapping[str, np.ndarray]) -> Self:
        """See `ConditionalModel.from_tensors`."""
        read = cls.options_type.from_mapping(options)
        shapes = read.tensor_shapes()
        for name, shape in shapes.items():
            if name not in tensors:
                raise InvalidInput(f"tensor {name}", "nothing", f"shape {shape}")
            if tensors[name].shape != shape:
                raise InvalidInput(f"tensor {name}", tensors[name].shape, f"shape {shape}")
        return cls(read, {name: tensors[name] for name in shapes})  # type: ignore[arg-type]
