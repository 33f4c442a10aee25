# SPDX-License-Identifier: Apache-2.0
from vi_ik_ros.benchmarks.skill_learning import parallel_fits


def test_threads_change_nothing(monkeypatch):
    monkeypatch.setattr(parallel_fits, "NUM_EPISODES", 16)
    difference, speed = parallel_fits.parallel_rows()
    assert difference.value == 0.0
    assert speed.value > 0.0
