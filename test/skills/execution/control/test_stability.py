# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.control.stability import (
    critical_loop_gain,
    gain_hint,
    max_gain,
    noise_gain,
)


def radius(loop_gain, delay_ticks):
    """Return the largest root of z^(d+1) - z^d + L."""
    polynomial = np.zeros(delay_ticks + 2)
    polynomial[:2] = 1.0, -1.0
    polynomial[-1] += loop_gain
    return np.abs(np.roots(polynomial)).max()


@pytest.mark.parametrize("delay_ticks", range(12))
def test_roots_cross_the_unit_circle_at_the_critical_gain(delay_ticks):
    critical = critical_loop_gain(delay_ticks)
    assert radius(0.999 * critical, delay_ticks) < 1.0 < radius(1.001 * critical, delay_ticks)


def test_a_longer_tick_or_a_stiffer_contact_allows_less():
    assert max_gain(30_000.0, 1, 0.02) == pytest.approx(1.0 / 600.0)
    assert max_gain(60_000.0, 1, 0.02) == pytest.approx(0.5 * max_gain(30_000.0, 1, 0.02))
    assert max_gain(30_000.0, 1, 1 / 170) > 3.0 * max_gain(30_000.0, 1, 0.02)
    with pytest.raises(InvalidInput, match="delay_ticks"):
        critical_loop_gain(-1)


@pytest.mark.parametrize("loop_gain", [0.0, 0.1, 0.6, 1.0, 1.9])
def test_noise_without_delay_has_a_closed_form(loop_gain):
    assert noise_gain(loop_gain, 0) == pytest.approx(math.sqrt(loop_gain / (2.0 - loop_gain)))


@pytest.mark.parametrize("delay_ticks", range(6))
def test_noise_with_delay_is_the_energy_of_its_answer(delay_ticks):
    loop_gain = 0.5 * critical_loop_gain(delay_ticks)
    answer = [0.0] * delay_ticks + [0.0, loop_gain]
    for _ in range(2000):
        answer.append(answer[-1] - loop_gain * answer[-1 - delay_ticks])
    assert noise_gain(loop_gain, delay_ticks) == pytest.approx(np.linalg.norm(answer))
    assert noise_gain(critical_loop_gain(delay_ticks), delay_ticks) == math.inf


def test_hints_name_the_gain_the_limit_and_the_change():
    contact = (30_000.0, 1, 0.02)  # its limit is 1.67e-3
    assert gain_hint(8.0e-4, *contact) is None
    hint = gain_hint(1.0e-3, *contact)
    assert hint and not hint.is_warning
    warning = gain_hint(2.0e-3, *contact)
    assert warning and warning.is_warning
    for told, gain in ((hint, "0.001"), (warning, "0.002")):
        assert f"K_P {gain} " in told.text and "0.00167" in told.text
        assert "lower K_P to 0.00083" in told.text and "\n" not in told.text
