# SPDX-License-Identifier: Apache-2.0
"""Which set-values a controller can carry out."""

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.control.set_values import AXES, SetValues
from vi_ik_ros.skills.execution.task_frame import require_rotation


def check_set_values(
    set_values: SetValues, field: str = "set_values", *, allow_feedforward: bool = False
) -> None:
    """Refuse set-values that contradict themselves.

    Args:
        set_values: to be looked at.
        field: where they stand, in the user's words.
        allow_feedforward: whether an axis may have a velocity and a force, which add up.

    Raises:
        InvalidInput: names the entry, and the axis where there is one.
    """
    for name in ("velocity", "wrench", "gain", "velocity_axes", "force_axes"):
        _check_array(getattr(set_values, name), f"{field}.{name}", is_bool=name.endswith("axes"))
    for i in np.flatnonzero(set_values.gain < 0.0).tolist():
        raise InvalidInput(f"{field}.gain.{AXES[i]}", float(set_values.gain[i]), "at least 0")
    both = set_values.velocity_axes & set_values.force_axes & (not allow_feedforward)
    for i in np.flatnonzero(both).tolist():
        expected = "a velocity or a force along one axis, not both"
        raise InvalidInput(f"{field}: axis {AXES[i]}", "velocity and force", expected)
    if set_values.T_base_target is not None:
        _check_target(set_values, field)


def _check_array(value: np.ndarray, field: str, *, is_bool: bool) -> None:
    """Refuse six entries that are none."""
    if not isinstance(value, np.ndarray) or value.shape != (6,):
        raise InvalidInput(field, np.shape(value), "six numbers, an array (6,)")
    if is_bool and value.dtype != bool:
        raise InvalidInput(field, value.tolist(), "six truth values")
    if not is_bool and not np.isfinite(value).all():
        raise InvalidInput(field, value.tolist(), "finite numbers")


def _check_target(set_values: SetValues, field: str) -> None:
    """Refuse a target that is no pose, or that no velocity leads to."""
    T, axes = np.asarray(set_values.T_base_target), set_values.velocity_axes
    if T.shape != (4, 4) or not np.isfinite(T).all():
        raise InvalidInput(f"{field}.T_base_target", T.tolist(), "a finite matrix (4, 4)")
    require_rotation(f"{field}.T_base_target", T[:3, :3])
    for kind, triple in (("linear", slice(0, 3)), ("angular", slice(3, 6))):
        if axes[triple].any() and not set_values.velocity[triple][axes[triple]].any():
            expected = f"a {kind} speed above 0 that leads to the target"
            raise InvalidInput(f"{field}.velocity", 0.0, expected)
