# SPDX-License-Identifier: Apache-2.0
"""How large a force gain may be on a stiff contact, before the loop rings or diverges.

All of it is for an ideal spring behind a pure delay of d whole control periods,
F+ = F + L (F_des - F_{-d}), with the loop gain L = stiffness * K_P * control period: Eq. (3.4). A
robot's lag and the compliance of a tool move the limit, to either side.
"""

import math
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.exceptions import InvalidInput

HINT_SHARE = 0.5  # of the critical loop gain, from where answers ring


@dataclass(frozen=True)
class GainHint:
    """What is to be said about a force gain.

    Attributes:
        text: one line for people.
        is_warning: whether it is expected to be unstable.
    """

    text: str
    is_warning: bool


def critical_loop_gain(delay_ticks: int) -> float:
    """Return the least loop gain that is unstable: 2 sin(pi / (2 (2 d + 1)))."""
    if delay_ticks < 0:
        raise InvalidInput("delay_ticks", delay_ticks, "at least 0")
    return 2.0 * math.sin(math.pi / (2.0 * (2 * delay_ticks + 1)))


def max_gain(stiffness: float, delay_ticks: int, control_period: float) -> float:
    """Return the least force gain K_P that is unstable [m/(N s)].

    Args:
        stiffness: of the contact [N/m].
        delay_ticks: control periods until a command has an effect.
        control_period: [s].
    """
    return critical_loop_gain(delay_ticks) / (stiffness * control_period)


def noise_gain(loop_gain: float, delay_ticks: int) -> float:
    """Return the deviation of the true force over that of the sensor's white noise.

    Without delay it is sqrt(L / (2 - L)); infinite from the critical loop gain on.
    """
    if not 0.0 <= loop_gain < critical_loop_gain(delay_ticks):
        return math.inf
    if loop_gain == 0.0:
        return 0.0
    # R_k, the covariance of F now and k periods ago, is R_{k-1} - L R_{|k-1-d|} for k = 1 ... d + 1
    # (noise enters only later), and 0 = -2 R_d + L R_0 + L sigma^2 keeps the variance.
    d = delay_ticks
    A, b = np.zeros((d + 2, d + 2)), np.zeros(d + 2)
    for k in range(1, d + 2):
        A[k, k] += 1.0
        A[k, k - 1] -= 1.0
        A[k, abs(k - 1 - d)] += loop_gain
    A[0, d] -= 2.0
    A[0, 0] += loop_gain
    b[0] = -loop_gain
    return math.sqrt(float(np.linalg.solve(A, b)[0]))


def gain_hint(
    gain: float, stiffness: float, delay_ticks: int, control_period: float
) -> GainHint | None:
    """Return what to tell about a force gain, or None if there is nothing.

    Args:
        gain: K_P [m/(N s)].
        stiffness: of the contact [N/m].
        delay_ticks: control periods until a command has an effect.
        control_period: [s].
    """
    limit = max_gain(stiffness, delay_ticks, control_period)
    if gain <= HINT_SHARE * limit:
        return None
    where = f"on {stiffness:g} N/m with {delay_ticks} periods of delay"
    change = f"lower K_P to {HINT_SHARE * limit:.2g}, or soften the contact"
    if gain <= limit:
        rings = f"K_P {gain:.3g} m/(N s) may ring: over half of the stability limit {limit:.3g}"
        return GainHint(f"{rings} {where}; {change}", is_warning=False)
    breaks = f"K_P {gain:.3g} m/(N s) is beyond the stability limit {limit:.3g}"
    return GainHint(f"{breaks} {where}; {change}", is_warning=True)
