# SPDX-License-Identifier: Apache-2.0
"""What to tell people about the force gains of a skill before it touches anything."""

from vi_ik_ros.skills.execution.control.stability import GainHint, gain_hint
from vi_ik_ros.skills.execution.graph.skill import BoundSkill


def gain_hints(skill: BoundSkill, delay_ticks: int, control_period: float) -> list[GainHint]:
    """Return a hint for each different translational gain that is near the stability limit.

    Args:
        skill: its parameters bound.
        delay_ticks: control periods until a command has an effect.
        control_period: [s].
    """
    gains = {
        float(gain)
        for primitive in skill.primitives
        for gain in primitive.set_values.gain[:3][primitive.set_values.force_axes[:3]]
    }
    stiffness = skill.control.contact_stiffness
    found = [gain_hint(gain, stiffness, delay_ticks, control_period) for gain in sorted(gains)]
    return [hint for hint in found if hint is not None]
