# SPDX-License-Identifier: Apache-2.0
"""Numbers of a normal expert that are learned, and the free coordinates that they are learned in.

Coordinates are 0 at the start. A mean moves by residuals, in units of the first spread: entry by
entry for vectors, along the group for rotations. A standard deviation grows by its logarithm, a
covariance by the logarithms of the diagonal of a factor and by the entries below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.densities.normal import Normal
from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.fields import is_list
from vi_ik_ros.sampling.experts.transforms import Transform

FIELDS = ("mean", "std", "covariance")
LEAST_SPREAD = 1e-6  # [m, rad], of demonstrations that differ at all
SHRINKAGE = 0.1  # share of the diagonal in a first covariance, which few rows may leave singular
KARCHER_STEPS = 20


@dataclass(frozen=True)
class LearnedNormal:
    """One expert with a normal density whose mean, spread or both are learned.

    Attributes:
        expert: the expert at the start.
        fields: which of `FIELDS`; std or covariance, not both.
        form: a std as it is written: one number, a list, or a mapping by parts of the transform.
    """

    expert: Expert
    fields: tuple[str, ...]
    form: object = None

    @property
    def start(self) -> Normal:
        """Return the density at the start."""
        assert isinstance(self.expert.density, Normal)
        return self.expert.density

    def at(self, coordinates: Tensor) -> Expert:
        """Return the expert at coordinates (size,)."""
        return replace(self.expert, density=self.density(coordinates))

    @property
    def size(self) -> int:
        """Number of coordinates."""
        r = self.expert.transform.residual_size
        sizes = {"mean": r, "std": len(self._groups), "covariance": r * (r + 1) // 2}
        return sum(sizes[field] for field in self.fields)

    def density(self, coordinates: Tensor) -> Normal:
        """Return the density at coordinates (size,)."""
        normal, r = self.start, self.expert.transform.residual_size
        mean, scale = normal.mean, normal.scale
        if "mean" in self.fields:
            assert mean is not None, "the file at the start has every number"
            mean = self.expert.transform.retract(mean, normal.colour(coordinates[:r]))
            coordinates = coordinates[r:]
        if "std" in self.fields:
            scale = scale * coordinates.exp()[torch.tensor(self._group_of_entry)]
        if "covariance" in self.fields:
            scale = scale @ _factor(coordinates, r)
        return replace(normal, mean=mean, scale=scale)

    def written(self, coordinates: Tensor) -> dict[str, object]:
        """Return the learned fields at coordinates (size,) as an objectives file has them."""
        normal, transform = self.density(coordinates), self.expert.transform
        found: dict[str, object] = {}
        if "mean" in self.fields:
            assert normal.mean is not None, "the file at the start has every number"
            found["mean"] = transform.to_wire(normal.mean).tolist()
        if "std" in self.fields:
            values = [float(normal.scale[group[0]]) for group in self._groups]
            found["std"] = _refilled(self.form, values, transform)
        if "covariance" in self.fields:
            found["covariance"] = (normal.scale @ normal.scale.mT).tolist()
        return found

    def errors(self, coordinates: Tensor, covariance: Tensor) -> dict[str, list[float]]:
        """Return standard errors of the learned fields.

        A mean has one for each entry of its residual, a std one for each of its numbers, a
        covariance one for the logarithm of each diagonal entry of its factor.

        Args:
            coordinates: (size,).
            covariance: (size, size) of their errors.
        """
        r, found, error = self.expert.transform.residual_size, {}, covariance.diagonal().sqrt()
        if "mean" in self.fields:
            scale = self.start.scale
            L = scale.diag() if scale.ndim == 1 else scale
            found["mean"] = (L @ covariance[:r, :r] @ L.mT).diagonal().sqrt().tolist()
            error = error[r:]
        if "std" in self.fields:
            values = self.density(coordinates).scale[[group[0] for group in self._groups]]
            found["std"] = (values * error).tolist()
        if "covariance" in self.fields:
            found["covariance"] = error[:r].tolist()
        return found

    @property
    def _groups(self) -> list[list[int]]:
        """Residual entries that share a number of the std."""
        if "std" not in self.fields:
            return []
        return _tied(self.form, range(self.expert.transform.residual_size), self.expert.transform)

    @property
    def _group_of_entry(self) -> list[int]:
        """The number of the std that each residual entry has."""
        of = {entry: i for i, group in enumerate(self._groups) for entry in group}
        return [of[entry] for entry in sorted(of)]


def first_values(
    expert: Expert, values: Tensor, fields: Sequence[str], form: object
) -> dict[str, object]:
    """Return the moments of demonstrated values, in the form of an objectives file.

    Args:
        expert: its density has the fields that are not learned.
        values: (n, ...) of its transform.
        fields: which of `FIELDS` are learned.
        form: of the std, see `LearnedNormal`.

    Raises:
        ObjectiveError: The demonstrations do not differ in an entry whose spread is learned.
    """
    transform, density = expert.transform, expert.density
    assert isinstance(density, Normal)
    mean = _karcher_mean(transform, values) if "mean" in fields else density.mean
    assert mean is not None, "what is not learned stands in the file"
    residual = transform.difference(values, mean)  # (n, r)
    found: dict[str, object] = {}
    if "mean" in fields:
        found["mean"] = transform.to_wire(mean).tolist()
    if "std" in fields:
        groups = _tied(form, range(transform.residual_size), transform)
        stds = [float(residual[:, group].square().mean().sqrt()) for group in groups]
        _check_spread(expert, "std", stds, groups)
        found["std"] = _refilled(form, stds, transform)
    if "covariance" in fields:
        covariance = residual.mT @ residual / len(residual)
        spreads = covariance.diagonal().sqrt().tolist()
        _check_spread(expert, "covariance", spreads, [[i] for i in range(len(spreads))])
        covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * covariance.diagonal().diag()
        found["covariance"] = covariance.tolist()
    return found


def default_form(transform: Transform) -> object:
    """Return the form of a std that the file does not give: one number for each entry."""
    if not transform.parts:
        return [1.0] * transform.residual_size
    return {name: [1.0] * (c.stop - c.start) for name, c in transform.parts.items()}


def _karcher_mean(transform: Transform, values: Tensor) -> Tensor:
    """Return the value whose residuals to all values sum to 0."""
    mean = values[0]
    for _ in range(KARCHER_STEPS):
        mean = transform.retract(mean, transform.difference(values, mean).mean(0))
    return mean


def _check_spread(
    expert: Expert, field: str, spreads: Sequence[float], groups: Sequence[Sequence[int]]
) -> None:
    """Refuse demonstrations without any spread."""
    for spread, group in zip(spreads, groups, strict=True):
        if spread < LEAST_SPREAD:
            got = f"a spread of {spread:.2g} in residual entry {group[0] + 1}"
            expected = "demonstrations that differ there, or a number in the file"
            raise ObjectiveError(f"{expert.name}.{field}", got, expected)


def _factor(coordinates: Tensor, size: int) -> Tensor:
    """Return the lower triangular matrix of log diagonal (size) and entries below it."""
    rows, columns = torch.tril_indices(size, size, -1)
    below = coordinates.new_zeros(size, size).index_put((rows, columns), coordinates[size:])
    return below + coordinates[:size].exp().diag()


def _tied(form: object, entries: Sequence[int], transform: Transform) -> list[list[int]]:
    """Return the residual entries that each number of a std stands for."""
    if isinstance(form, Mapping):
        parts = [(form[name], entries[columns]) for name, columns in transform.parts.items()]
        return [group for part, own in parts for group in _tied(part, own, transform)]
    return [[entry] for entry in entries] if is_list(form) else [list(entries)]


def _refilled(form: object, numbers: Sequence[float], transform: Transform) -> object:
    """Return numbers in the form of a std."""
    left = list(numbers)

    def fill(part: object) -> object:
        if isinstance(part, Mapping):
            return {name: fill(part[name]) for name in transform.parts}
        return [left.pop(0) for _ in part] if is_list(part) else left.pop(0)

    return fill(form)
