# SPDX-License-Identifier: Apache-2.0
import numpy as np

from vi_ik_ros.skills.plants.gate.watchdog import Watchdog
from vi_ik_ros.skills.plants.plant import Twist

TWIST = Twist(np.ones(3), np.zeros(3))


def test_the_last_command_goes_on_then_stops_then_is_late():
    watchdog = Watchdog(0.06, 0.2)
    watchdog.feed(TWIST, 1.0)
    going = [watchdog.twist(1.0 + 0.02 * tick) is TWIST for tick in range(12)]
    late = [watchdog.is_late(1.0 + 0.02 * tick) for tick in range(12)]
    assert going == [True] * 3 + [False] * 9
    assert late == [False] * 10 + [True] * 2


def test_nothing_is_waited_for_before_the_first_command():
    watchdog = Watchdog(0.06, 0.2)
    assert watchdog.twist(100.0) is None and not watchdog.is_late(100.0)
    watchdog.feed(TWIST, 100.0)
    watchdog.disarm()
    assert watchdog.twist(100.0) is None and not watchdog.is_late(200.0)
