# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.plants.plant import PlantState, TickResult


@pytest.fixture
def tick():
    """Make the result of a tick from samples (n, 6), their times [s] and a pose (4, 4)."""

    def make(wrenches, times=None, T_base_tcp=None):
        wrenches = np.asarray(wrenches, dtype=float).reshape(-1, 6)
        times = np.arange(len(wrenches)) / 170.0 if times is None else np.asarray(times)
        T = np.eye(4) if T_base_tcp is None else T_base_tcp
        time = float(times[-1]) if len(times) else 0.0
        return TickResult(time, wrenches, times, T, time, PlantState.ACTIVE)

    return make
