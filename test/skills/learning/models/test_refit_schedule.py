# SPDX-License-Identifier: Apache-2.0
from vi_ik_ros.skills.learning.models.refit_schedule import last_refit


def test_refits_are_after_the_initial_design_then_ever_rarer() -> None:
    changes = [n for n in range(1, 121) if last_refit(n, 4) == n]
    assert changes == [4, 10, 15, 20, 30, 40, 60, 80, 100, 120]


def test_refit_in_use_is_the_latest() -> None:
    assert [last_refit(n, 4) for n in (0, 3, 9, 29, 79, 85)] == [0, 0, 4, 20, 60, 80]
    assert [last_refit(n, 12) for n in (11, 14, 15)] == [0, 12, 15]
