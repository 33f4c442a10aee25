# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.wrench.tool_load import ToolLoad, identify

LOAD = ToolLoad(1.2, np.array([0.01, -0.03, 0.08]), np.array([3.0, -2.0, 1.0, 0.2, 0.1, -0.3]))


def upright(angles):
    return Rotation.from_euler("xyz", np.asarray(angles)).as_matrix()


SPREAD = upright([[0, 0, 0], [0.5, 0, 1], [-0.5, 0, 2], [0, 0.5, 3], [0, -0.5, 4], [0.4, 0.4, 5]])


def test_an_upright_sensor_feels_the_weight_downwards_and_its_lever():
    load = ToolLoad(1.0, np.array([0.1, 0.0, 0.0]))
    np.testing.assert_allclose(load.wrench(np.eye(3)), [0, 0, -9.80665, 0, 0.980665, 0])
    down = np.diag([1.0, -1.0, -1.0])
    np.testing.assert_allclose(load.wrench(down), [0, 0, 9.80665, 0, -0.980665, 0])


def test_a_load_is_found_from_six_orientations():
    found = identify(SPREAD, [LOAD.wrench(R) for R in SPREAD])
    assert found.mass == pytest.approx(LOAD.mass)
    np.testing.assert_allclose(found.center_of_mass, LOAD.center_of_mass, atol=1e-12)
    np.testing.assert_allclose(found.bias, LOAD.bias, atol=1e-12)


def test_noise_of_the_means_moves_a_load_only_a_little():
    rng = np.random.default_rng(0)
    noise = np.repeat([0.3, 0.2], 3) / np.sqrt(170)
    found = identify(SPREAD, [LOAD.wrench(R) + noise * rng.normal(size=6) for R in SPREAD])
    assert found.mass == pytest.approx(LOAD.mass, abs=0.02)
    np.testing.assert_allclose(found.center_of_mass, LOAD.center_of_mass, atol=0.01)


@pytest.mark.parametrize(
    "R",
    [
        upright([[0, 0, yaw] for yaw in range(6)]),
        upright([[0.01 * k, -0.02 * k, k] for k in range(6)]),
    ],
    ids=["about the vertical", "nearly alike"],
)
def test_orientations_that_do_not_tell_a_load_from_a_bias_are_refused(R):
    with pytest.raises(InvalidInput, match="orientations: spread.*tilts"):
        identify(R, [LOAD.wrench(one) for one in R])


def test_bad_measurements_are_refused():
    wrenches = np.array([LOAD.wrench(R) for R in SPREAD])
    with pytest.raises(InvalidInput, match="at least 6"):
        identify(SPREAD[:5], wrenches[:5])
    with pytest.raises(InvalidInput, match="wrenches"):
        identify(SPREAD, wrenches[:5])
    with pytest.raises(InvalidInput, match="wrenches"):
        identify(SPREAD, wrenches * np.nan)
    with pytest.raises(InvalidInput, match="identified mass.*sign"):
        identify(SPREAD, -wrenches)
    with pytest.raises(InvalidInput, match=r"load\.mass"):
        ToolLoad(-1.0, np.zeros(3))
    with pytest.raises(InvalidInput, match=r"load\.center_of_mass"):
        ToolLoad(1.0, np.zeros(2))


def test_tilts_of_ten_degrees_to_all_sides_are_enough():
    a = 0.1755
    R = upright([[0, 0, 0], [a, 0, 0], [-a, 0, 0], [0, a, 0], [0, -a, 0], [a, a, 0]])
    assert identify(R, [LOAD.wrench(one) for one in R]).mass == pytest.approx(LOAD.mass)
