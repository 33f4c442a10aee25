# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.nodes.robot.client.round_trip import RoundTrip, delay_ticks
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.skills.plants.scene import load_scene


def measured(scene, twist: Twist, ticks: int = 60) -> float | None:
    plant, trip = AnalyticPlant(scene), RoundTrip(1.0 / scene.control_rate)
    before = plant.reset(0)
    trip.begin(before)
    for _ in range(ticks):
        after = plant.tick(twist)
        trip.add(twist, before, after)
        before = after
    return trip.ticks


@pytest.mark.parametrize("rate", [50, 85, 170])
@pytest.mark.parametrize("delay", [0, 1, 2, 5])
def test_the_delay_of_a_simulation_is_found(delay, rate):
    scene = replace(load_scene("screw_slot"), delay_ticks=delay, control_rate=rate)
    trip = measured(scene, Twist(np.array([0.004, 0.0, 0.001]), np.zeros(3)), ticks=100)
    assert trip is not None
    assert delay_ticks(trip, scene.servo, 1.0 / rate) == delay


def test_a_tool_that_does_not_move_or_touches_tells_nothing():
    scene = load_scene("screw_slot")
    assert measured(scene, Twist.zero()) is None
    pressed = measured(scene, Twist(np.array([0.0, 0.0, -0.004]), np.zeros(3)), ticks=80)
    assert delay_ticks(pressed or 0.0, scene.servo, 0.02) == scene.delay_ticks  # before it touched
