# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.models.constraint_model import ConstraintData, learn_constraint
from vi_ik_ros.skills.learning.models.constraint_settings import ConstraintSettings
from vi_ik_ros.skills.learning.models.gaussian_process import TrainingData
from vi_ik_ros.skills.learning.models.structure_check import missing_edges, with_edges

SETTINGS = ConstraintSettings()


def factor(columns: np.ndarray, seed: int):
    """A factor on the first and the last of three parameters, modelled on `columns`."""
    rng = np.random.default_rng(seed)
    points = rng.random((40, 3))
    metrics = np.sin(4.0 * points[:, 0]) + points[:, 2] - 1.0 + 0.05 * rng.standard_normal(40)
    safe = metrics <= 0.0
    data = ConstraintData(
        TrainingData.of(points[safe], metrics[safe]),
        TrainingData.of(points[~safe], np.full((~safe).sum(), np.nan)),
    )
    return learn_constraint(data, columns, None, SETTINGS)


@pytest.mark.parametrize("seed", range(5))
def test_removed_edge_is_found(seed: int) -> None:
    row = np.array([True, False, False])
    edges = missing_edges([factor(row, seed)], row[None], 3.0, SETTINGS.smallest_scale)
    assert [(edge.factor, edge.parameter) for edge in edges] == [(0, 2)]


@pytest.mark.parametrize("seed", range(5))
def test_no_edge_is_proposed_where_none_is_missing(seed: int) -> None:
    row = np.array([True, False, True])
    assert missing_edges([factor(row, seed)], row[None], 3.0, SETTINGS.smallest_scale) == ()


def test_too_little_data_asks_for_nothing() -> None:
    none = TrainingData.of(np.zeros((0, 3)), np.zeros(0))
    row = np.array([True, False, False])
    empty = learn_constraint(ConstraintData(none, none), row, None, SETTINGS)
    assert missing_edges([empty], row[None], 3.0, SETTINGS.smallest_scale) == ()


def test_edges_are_added() -> None:
    row = np.array([True, False, False])
    edges = missing_edges([factor(row, 0)], row[None], 3.0, SETTINGS.smallest_scale)
    np.testing.assert_array_equal(with_edges(row[None], edges), [[True, False, True]])
    np.testing.assert_array_equal(row, [True, False, False])
