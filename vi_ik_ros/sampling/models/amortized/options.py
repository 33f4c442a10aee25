# SPDX-License-Identifier: Apache-2.0
"""The architecture of an amortized mixture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry, ContextFeatures
from vi_ik_ros.sampling.models.amortized.layers.projection import CLAMP, PROJECTIONS
from vi_ik_ros.sampling.models.amortized.turning.turns import Turns


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
        num_bases: R, triangles that all couplings are made of (`SharedCoupling`); 0: every entry
            of a coupling is an output of the network.
        head_width: of a hidden layer of each component's own; 0: the last layer is linear.
        projection: how outputs are kept in bounds, see `projection`.
        periodic: joints that are read modulo a turn, see `Turns`.
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
    num_bases: int = 0
    head_width: int = 0
    projection: str = CLAMP
    periodic: tuple[int, ...] = ()

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> Self:
        """Rebuild from the JSON form of `dataclasses.asdict`."""
        values = dict(mapping)
        try:
            symmetry = AxisSymmetry.from_options(values.pop("symmetry"))  # type: ignore[arg-type]
            values["entries"] = tuple((kind, size) for kind, size in values["entries"])  # type: ignore[attr-defined]
            for name in ("lower", "upper"):
                values[name] = tuple(values[name])  # type: ignore[arg-type]
            values["periodic"] = tuple(values.get("periodic", ()))  # type: ignore[arg-type]
            if values.get("projection", CLAMP) not in PROJECTIONS:
                raise ValueError(values["projection"])
            return cls(symmetry=symmetry, **values)  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            names = ", ".join(cls.__dataclass_fields__)
            raise InvalidInput("options", dict(mapping), f"the keys {names}") from error

    @property
    def num_dims(self) -> int:
        """D, length of a configuration."""
        return len(self.lower)

    @property
    def turned(self) -> slice:
        """The joints that symmetry turns, as a slice: a view where a list would copy."""
        pair = (self.symmetry.first, self.symmetry.last)
        joints = sorted(joint for joint in pair if joint is not None)
        if not joints:
            return slice(0, 0)
        return slice(joints[0], joints[-1] + 1, max(1, joints[-1] - joints[0]))

    @property
    def split(self) -> tuple[int, int, int, int]:
        """Outputs of one component: logit, mean, log scale, coupling or its mixing of bases."""
        return 1, self.num_dims, self.num_dims, self.num_bases or self.num_entries

    @property
    def num_entries(self) -> int:
        """D (D - 1) / 2, entries below a diagonal."""
        return self.num_dims * (self.num_dims - 1) // 2

    @property
    def turns(self) -> Turns:
        """The joints that turn."""
        return Turns(np.array(self.lower), np.array(self.upper), self.periodic)

    def limit_widths(self) -> np.ndarray:
        """Return the width (D,) of each joint's soft limits, at most a quarter of its range."""
        return np.minimum(0.25 * np.subtract(self.upper, self.lower), self.limit_width)

    def features(self) -> ContextFeatures:
        """Return the features of its contexts."""
        return ContextFeatures(self.entries, self.num_dims, self.symmetry, self.length_scale)

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every trained weight."""
        f, w = self.features().num_features, self.width
        outputs = self.num_components * sum(self.split)
        linears = {"entry": (w, f + 2 * self.num_waves), "head": (outputs, w)}
        norms = ["norm"]
        for i in range(self.num_blocks):
            linears |= {f"blocks.{i}.inner": (w, w), f"blocks.{i}.outer": (w, w)}
            norms.append(f"blocks.{i}.norm")
        shapes: dict[str, tuple[int, ...]] = {
            "log_gate_width": (len(range(*self.turned.indices(self.num_dims))),),
            "trunk.frequencies": (f, self.num_waves),
        }
        for name, shape in linears.items():
            shapes |= {f"trunk.{name}.weight": shape, f"trunk.{name}.bias": shape[:1]}
        for name in norms:
            shapes |= {f"trunk.{name}.weight": (w,), f"trunk.{name}.bias": (w,)}
        return shapes | self._head_shapes() | self._basis_shapes()

    def _head_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return what replaces a linear head where each component has one of its own."""
        K, H = self.num_components, self.head_width
        if not H:
            return {}
        return {
            "trunk.head.weight": (K, sum(self.split), H),
            "trunk.head.inner.weight": (K * H, self.width),
            "trunk.head.inner.bias": (K * H,),
        }

    def _basis_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the tensors of shared couplings."""
        if not self.num_bases:
            return {}
        sizes = {"bases": self.num_bases, "centers": self.num_components}
        return {f"coupling_{name}": (n, self.num_entries) for name, n in sizes.items()}
