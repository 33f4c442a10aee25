# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.wrench.tare import Tare
from vi_ik_ros.skills.execution.wrench.tool_load import ToolLoad
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings

BIAS = np.array([0.6, -0.5, 0.4, 0.02, 0.01, -0.03])
NOISE = np.repeat([0.3, 0.2], 3)


def collect(tick, *, ticks=57, add=lambda k: 0.0, pose=lambda k: np.eye(4), load=None):
    """Feed 3 samples a tick; `add` and `pose` tell what is there in tick k."""
    rng = np.random.default_rng(0)
    tare = Tare(WrenchSettings(), np.eye(4), 1.0 / 170.0, load)
    for k in range(ticks):
        tare.add(tick(BIAS + NOISE * rng.normal(size=(3, 6)) + add(k), T_base_tcp=pose(k)))
    return tare


def moved(x=0.0, angle=0.0):
    T = np.eye(4)
    T[0, 3], T[:3, :3] = x, Rotation.from_euler("y", angle).as_matrix()
    return T


def test_a_tare_is_the_mean_of_a_second(tick):
    tare = collect(tick)
    assert tare.is_complete
    np.testing.assert_allclose(tare.bias(), BIAS, atol=4.0 * NOISE.max() / np.sqrt(170))


def test_less_than_a_second_is_refused(tick):
    for tare in (collect(tick, ticks=0), collect(tick, ticks=56)):
        assert not tare.is_complete
        with pytest.raises(InvalidInput, match="tare: samples.*at least 170"):
            tare.bias()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"add": lambda k: np.array([0, 2.0 * (-1) ** k, 0, 0, 0, 0])}, "deviation of force y"),
        ({"add": lambda k: np.array([0, 0, 5.0, 0, 0, 0])}, "mean force.*touches nothing"),
        ({"add": lambda k: np.nan if k == 9 else 0.0}, "no number"),
        ({"pose": lambda k: moved(x=1.1e-4 if k == 30 else 0.0)}, "travel.*0.0001"),
        ({"pose": lambda k: moved(angle=2e-5 * k)}, "turn.*0.001"),
    ],
)
def test_a_tool_that_is_not_free_and_at_rest_is_refused(tick, what, words):
    with pytest.raises(InvalidInput, match=f"tare: .*{words}"):
        collect(tick, **what).bias()


def test_a_little_motion_and_noise_is_allowed(tick):
    collect(tick, pose=lambda k: moved(x=0.9e-4, angle=0.9e-3 * k / 57)).bias()


def test_a_known_load_is_no_force(tick):
    load = ToolLoad(2.0, np.zeros(3))
    gravity = load.wrench(np.eye(3))
    with pytest.raises(InvalidInput, match="mean force"):
        collect(tick, add=lambda k: gravity).bias()
    bias = collect(tick, add=lambda k: gravity, load=load).bias()
    np.testing.assert_allclose(bias, BIAS, atol=4.0 * NOISE.max() / np.sqrt(170))
