# SPDX-License-Identifier: Apache-2.0
"""The constants of the surrogate: ours, chosen, not measured."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.execution.control.stability import max_gain

FORCE_NOISE, TIME_NOISE = 0.3, 0.02  # [N], [s], standard deviations


@dataclass(frozen=True)
class SurrogateConstants:
    """Numbers in the surrogate's formulas.

    Attributes:
        stiffness: k of the contact [N/m].
        control_period: dt [s].
        delay_ticks: control periods until a command has an effect.
        touch_force: F_0, when the contact is noticed [N].
        reaction_time: t_r until the robot stops [s].
        max_force: F_max [N].
        contact_force: F_c [N].
        insert_force: F_ins [N].
        least_step: of the force when its control begins [N].
        settle_tolerance: zeta [N].
        max_ring: of the force [N].
        max_time: for the correction and for the insertion [s].
        lift: a of the search [N (m/(N s))^0.5 / (m/s)].
        max_lift: the contact force less what counts as contact [N].
        impulse_offset: b [N].
        impulse_slope: c [N s/m].
        min_impulse: least that is felt [N].
        max_impulse: [N].
    """

    stiffness: float = 8000.0
    control_period: float = 1.0 / 170.0
    delay_ticks: int = 3
    touch_force: float = 2.0
    reaction_time: float = 0.036
    max_force: float = 10.0
    contact_force: float = 5.0
    insert_force: float = 10.0
    least_step: float = 0.5
    settle_tolerance: float = 0.25
    max_ring: float = 2.5
    max_time: float = 1.0
    lift: float = 8.0
    max_lift: float = 4.1
    impulse_offset: float = 1.5
    impulse_slope: float = 1100.0
    min_impulse: float = 5.0
    max_impulse: float = 22.0

    @property
    def limits(self) -> np.ndarray:
        """Return (8,) limits of the metrics [N or s], which are also their units as constraints."""
        return np.array(
            [
                self.max_force,
                self.max_ring,
                self.max_time,
                self.max_lift,
                self.min_impulse,
                self.max_impulse,
                self.max_ring,
                self.max_time,
            ]
        )

    @property
    def critical_gain(self) -> float:
        """Return the least force gain that is unstable [m/(N s)]."""
        return max_gain(self.stiffness, self.delay_ticks, self.control_period)
