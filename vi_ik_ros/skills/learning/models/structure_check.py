# SPDX-License-Identifier: Apache-2.0
"""Asks the data whether a factor depends on parameters that the graph does not give it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.learning.models.constraint_model import ConstraintModel
from vi_ik_ros.skills.learning.models.gaussian_process import GaussianProcess, Standardisation


@dataclass(frozen=True)
class MissingEdge:
    """An edge that would explain the data better.

    Attributes:
        factor: index of the factor.
        parameter: index of the parameter that it seems to depend on.
        gain: by how much log p(y | theta) + log p(theta) is larger with the edge.
    """

    factor: int
    parameter: int
    gain: float


def missing_edges(
    factors: Sequence[ConstraintModel],
    adjacency: np.ndarray,
    least_gain: float,
    smallest_scale: float,
) -> tuple[MissingEdge, ...]:
    """Return at most one edge for each factor, the one that gains most.

    Args:
        factors: (n_g) as learned with `adjacency`, their artificial data included.
        adjacency: (n_g, n_xi) bool.
        least_gain: that an edge must have.
        smallest_scale: least standard deviation by which metrics are divided.
    """
    found = [
        max(_gains(j, factors[j], adjacency[j], smallest_scale), key=_gain, default=None)
        for j in range(len(factors))
    ]
    return tuple(edge for edge in found if edge is not None and edge.gain >= least_gain)


def with_edges(adjacency: np.ndarray, edges: Sequence[MissingEdge]) -> np.ndarray:
    """Return the adjacency (n_g, n_xi) with more edges."""
    wider = adjacency.astype(bool).copy()
    for edge in edges:
        wider[edge.factor, edge.parameter] = True
    return wider


def _gain(edge: MissingEdge) -> float:
    return edge.gain


def _gains(
    j: int, factor: ConstraintModel, row: np.ndarray, smallest_scale: float
) -> list[MissingEdge]:
    """Return what each edge that a factor does not have would gain."""
    data = factor.data
    if len(data.outputs) < 2:
        return []
    scaling = Standardisation.of(data.outputs, smallest_scale)

    def evidence(columns: np.ndarray) -> float:
        return GaussianProcess(data, columns, scaling).hyperparameters.log_posterior

    present, absent = evidence(row.astype(bool)), np.flatnonzero(~row.astype(bool))
    wider = (row.astype(bool) | (np.arange(len(row)) == d) for d in absent)
    return [
        MissingEdge(j, int(d), evidence(columns) - present)
        for d, columns in zip(absent, wider, strict=True)
    ]
