# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from vi_ik_ros.benchmarks import control_law as bench
from vi_ik_ros.benchmarks.control_law import control_law
from vi_ik_ros.benchmarks.control_law.ideal_spring import SpringPlant
from vi_ik_ros.benchmarks.control_law.pressing import FORCE, MeasuredPoseHold, Pressing
from vi_ik_ros.benchmarks.control_law.stability_limit import grows, least_unstable
from vi_ik_ros.skills.execution.control.controller import HybridForceVelocityController
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.skills.plants.scene import load_scene

SCENE = load_scene("screw_slot")
PER_GAIN = SCENE.tool.stiffness[2] / SCENE.control_rate  # loop gain per K_P


class Hasty(HybridForceVelocityController):
    """Moves a fifth further than the law says."""

    def command(self, T_base_tcp, wrench):
        twist = super().command(T_base_tcp, wrench)
        return Twist(1.2 * twist.linear, twist.angular)


@pytest.mark.parametrize("delay_ticks", [0, 2])
def test_the_force_follows_the_equation(delay_ticks):
    loop = Pressing(SpringPlant(SCENE, delay_ticks, noisy=False), 0.3 / PER_GAIN)
    forces = [0.0] * (delay_ticks + 1)
    for _ in range(40):
        forces.append(forces[-1] + 0.3 * (FORCE - forces[-1 - delay_ticks]))
    np.testing.assert_allclose(list(loop.forces(40)), forces[1:41], atol=1e-9)


@pytest.mark.slow
def test_a_limit_is_found_and_another_law_has_another():
    plant = SpringPlant(SCENE, 0, noisy=False)
    found = least_unstable(lambda gain: grows(Pressing(plant, gain)), 1.3 / PER_GAIN)
    assert PER_GAIN * found == pytest.approx(2.0, rel=0.01)
    other = least_unstable(
        lambda gain: grows(Pressing(plant, gain, controller=Hasty)), 1.3 / PER_GAIN
    )
    assert PER_GAIN * other == pytest.approx(2.0 / 1.2, rel=0.01)


def test_a_limit_out_of_range_is_no_number():
    assert math.isnan(least_unstable(lambda gain: gain > 100.0, 1.0))
    assert math.isnan(least_unstable(lambda gain: gain > 0.01, 1.0))


def test_holding_measured_poses_walks_away():
    plant = SpringPlant(SCENE, 1, noisy=True)
    walks = {}
    for name in (HybridForceVelocityController, MeasuredPoseHold):

        def make(*arguments, controller=name):
            start = {"start": np.array(SCENE.start[:3])}
            return controller(*arguments, **(start if controller is MeasuredPoseHold else {}))

        loop = Pressing(plant, 1e-4, controller=make)
        walks[name] = [plant.spring.displacement[0] for _ in loop.forces(400, pose_noise=1e-5)]
    ours, other = walks.values()
    assert not np.any(ours)
    steps = np.subtract(other[2:], other[:-2])[::2]  # every second period, for the delay
    assert np.std(steps) == pytest.approx(1e-5, rel=0.2)


def test_the_report_has_rows_of_every_kind(monkeypatch):
    monkeypatch.setattr(control_law, "QUICK_TICKS", 100)
    monkeypatch.setattr(control_law, "QUICK_DELAYS", (1,))
    monkeypatch.setattr(control_law, "PLANTS", {})
    report = bench.run(quick=True)
    assert report.bench == bench.NAME
    rows = {row.metric: row for row in report.rows if row.case == "ours"}
    limit = rows["stability limit, delay 1 [loop gain]"]
    assert limit.value == pytest.approx(limit.reference, rel=0.1)
    required = [row for row in report.rows if row.reference == 0.0]
    assert len(required) == 2 and not any(row.value for row in required)
    assert any(row.case == control_law.OTHER and row.value > 0.0 for row in report.rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", control_law.PLANTS)
def test_simulated_plants_have_a_limit_near_the_formula_with_one_period_of_delay(name):
    row = control_law.plant_row(name, SCENE, 1)
    assert row.value == pytest.approx(row.reference, rel=0.2)
