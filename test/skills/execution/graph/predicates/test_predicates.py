# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from vi_ik_ros.skills.execution.graph.predicates import KINDS, NOT_YET
from vi_ik_ros.skills.execution.observation import Observation
from vi_ik_ros.skills.plants.scene.reading import read

RATE = 170.0  # [Hz]


class RecordedForce:
    """A history of given samples (n, 3), the last one at `now`."""

    def __init__(self, samples, now):
        self._samples = np.asarray(samples, dtype=float)
        self._times = now - np.arange(len(samples))[::-1] / RATE

    def mean(self, axis, window):
        return float(self._samples[-round(window * RATE) :, axis].mean())

    def mean_between(self, axis, begin, end):
        chosen = (self._times > begin) & (self._times <= end)
        return float(self._samples[chosen, axis].mean())

    def std(self, axis, window):
        return float(self._samples[-round(window * RATE) :, axis].std())

    def mean_norm(self, window):
        return math.hypot(*(self.mean(axis, window) for axis in range(3)))


def observed(samples=((0.0, 0.0, 0.0),) * 400, **changes):
    """An observation two seconds after entry, with a force along x, y, z."""
    values = {
        "time": 7.0,
        "elapsed": 2.0,
        "travel": (0.0, 0.0, 0.0),
        "tilt": 0.0,
        "position_error": 0.0,
        "orientation_error": 0.0,
        "peak_force": 0.0,
    }
    return Observation(**(values | changes), history=RecordedForce(samples, 7.0))


def predicate(kind, **numbers):
    """A predicate as a file would make it."""
    return read(KINDS[kind], numbers, kind)


def constant(x=0.0, y=0.0, z=0.0):
    return [(x, y, z)] * 400


def along_z(values):
    return [(0.0, 0.0, value) for value in values]


def test_contact_is_lost_exactly_where_it_is_not_made():
    made = predicate("contact", axis="z", force=0.9, window=0.294)
    lost = predicate("contact_lost", axis="z", force=0.9, window=0.294)
    for force in (-5.0, 0.0, 0.89, 0.91, 5.0):
        now = observed(constant(z=force))
        assert made.margin(now) == pytest.approx(force - 0.9)
        assert lost.margin(now) == -made.margin(now)


def test_contact_averages_over_its_window_only():
    step = along_z([5.0] * 350 + [0.0] * 25 + [2.0] * 25)
    assert predicate("contact", axis="z", force=0.9, window=0.294).margin(
        observed(step)
    ) == pytest.approx(1.0 - 0.9)


def test_force_above_looks_at_the_peak():
    above = predicate("force_above", limit=20.0)
    assert above.margin(observed(peak_force=23.0)) == pytest.approx(3.0)
    assert above.margin(observed(peak_force=19.0)) == pytest.approx(-1.0)


def test_settled_is_the_mean_error_and_waits_for_a_whole_window():
    settled = predicate("force_settled", axis="z", desired=5.0, tolerance=0.25, window=1.0)
    chatter = along_z([5.0 + 3.0 * (-1) ** i for i in range(400)])
    assert settled.margin(observed(chatter)) == pytest.approx(0.25)
    assert settled.margin(observed(constant(z=5.3))) == pytest.approx(-0.05)
    assert settled.margin(observed(constant(z=4.7))) == pytest.approx(-0.05)
    assert settled.margin(observed(constant(z=5.0), elapsed=0.98)) == NOT_YET


def test_scatter_is_a_standard_deviation():
    above = predicate("force_std_above", axis="z", limit=2.5, window=1.0, grace=1.5)
    chatter = along_z([5.0 + 3.0 * (-1) ** i for i in range(400)])
    assert above.margin(observed(chatter)) == pytest.approx(0.5)
    assert above.margin(observed(constant(z=9.0))) == pytest.approx(-2.5)


def test_an_impulse_is_judged_against_friction():
    hit = predicate("impulse", axis="x", force=5.0, window=0.0235, settle=0.1, grace=0.3)
    assert hit.margin(observed(constant(x=6.0))) == pytest.approx(-5.0)
    wall = [(0.8, 0.0, 0.0)] * 396 + [(7.0, 0.0, 0.0)] * 4
    assert hit.margin(observed(wall)) == pytest.approx(1.2)
    backwards = [(-x, y, z) for x, y, z in wall]
    assert hit.margin(observed(backwards)) == pytest.approx(1.2)
    assert hit.margin(observed(wall, elapsed=0.28)) == NOT_YET


def test_friction_before_it_has_settled_does_not_count():
    hit = predicate("impulse", axis="x", force=5.0, window=0.0235, settle=0.1, grace=0.3)
    earlier = [(50.0, 0.0, 0.0)] * (400 - 323) + [(0.8, 0.0, 0.0)] * 323
    assert hit.margin(observed(earlier)) == pytest.approx(-5.0)


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("contact_lost", {"axis": "z", "force": 0.9, "window": 0.3}),
        ("force_above", {"limit": 20.0}),
        ("force_std_above", {"axis": "z", "limit": 2.5, "window": 1.0}),
    ],
)
def test_within_its_grace_nothing_is_judged(kind, numbers):
    patient = predicate(kind, **numbers, grace=0.5)
    chatter = along_z([50.0, -70.0] * 200)
    assert patient.margin(observed(chatter, elapsed=0.48, peak_force=99.0)) == NOT_YET
    assert patient.margin(observed(chatter, elapsed=0.5, peak_force=99.0)) > 0.0
    assert predicate(kind, **numbers).margin(observed(elapsed=0.0)) > NOT_YET


def test_unloaded_looks_at_every_direction():
    free = predicate("unloaded", force=0.9, window=0.294)
    assert free.margin(observed()) == pytest.approx(0.9)
    assert free.margin(observed(constant(x=3.0, z=-4.0))) == pytest.approx(0.9 - 5.0)


def test_distances_angles_and_time():
    there = observed(travel=(0.003, -0.004, 0.0021), tilt=0.02, elapsed=5.0)
    assert predicate("depth_reached", depth=0.002).margin(there) == pytest.approx(1e-4)
    far = math.hypot(0.003, 0.004, 0.0021)
    assert predicate("travel_beyond", distance=0.025).margin(there) == pytest.approx(far - 0.025)
    assert predicate("tilt_below", angle=0.01).margin(there) == pytest.approx(-0.01)
    assert predicate("timeout", after=5.0).margin(there) == 0.0


def test_a_pose_is_reached_when_both_errors_are_small():
    reached = predicate("pose_reached", position=1e-4, orientation=0.1)
    near = {"position_error": 5e-5, "orientation_error": 0.02}
    assert reached.margin(observed(**near)) == pytest.approx(0.5)
    assert reached.margin(observed(**(near | {"position_error": 2e-4}))) == pytest.approx(-1.0)
    assert reached.margin(observed(**(near | {"orientation_error": 0.3}))) == pytest.approx(-2.0)


def test_a_force_that_is_no_number_holds_nothing():
    nan = constant(z=float("nan"))
    for kind in ("contact", "contact_lost"):
        one = predicate(kind, axis="z", force=0.9, window=0.3)
        assert not one.margin(observed(nan)) >= 0.0


def test_names_and_scales_tell_predicates_apart():
    one = predicate("contact_lost", axis="rx", force=0.9, window=0.3)
    assert (one.name, one.scale, one.unit) == ("contact_lost_rx", 0.9, "N")
    assert predicate("timeout", after=5.0).name == "timeout"
    assert predicate("pose_reached", position=1e-4, orientation=0.1).scale == 1.0
    assert all(kind == one.kind for kind, one in KINDS.items())
