# SPDX-License-Identifier: Apache-2.0
"""Records of episodes as strict JSON: every number comes back as it was, NaN as null."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.episode import Episode, FactorOutcome, Outcome, PrimitiveOutcome

FIELD = "episode"
# What may be NaN, and is null then: wherever else null stands, it means None.
NUMBERS = {
    "begin", "end", "score", "saturated", "peak_force", "constraint", "cost", "duration",
}  # fmt: skip


def episode_to_json(episode: Episode) -> str:
    """Return a record as text."""
    return json.dumps(_strict(asdict(episode)), allow_nan=False)


def episode_from_json(text: str) -> Episode:
    """Return the record that a text holds.

    Raises:
        InvalidInput: it holds none.
    """
    try:
        values = json.loads(text)
        primitives = tuple(_primitive(one) for one in values.pop("primitives"))
        factors = tuple(_factor(one) for one in values.pop("factors"))
        values["parameters"] = dict(values["parameters"])
        _check_names(Episode, values, ("primitives", "factors"))
        return Episode(**_numbers(values), primitives=primitives, factors=factors)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"{type(error).__name__} {error}"
        raise InvalidInput(FIELD, reason, "the whole record of an episode") from error


def _primitive(values: Mapping) -> PrimitiveOutcome:
    _check_names(PrimitiveOutcome, values)
    return PrimitiveOutcome(**{**_numbers(values), "outcome": Outcome(values["outcome"])})


def _factor(values: Mapping) -> FactorOutcome:
    _check_names(FactorOutcome, values)
    metrics = {name: _number(value) for name, value in values["metrics"].items()}
    return FactorOutcome(**{**_numbers(values), "metrics": metrics})


def _check_names(cls: type, values: Mapping, taken: tuple[str, ...] = ()) -> None:
    """Refuse values that are not those of a dataclass."""
    names = {one.name for one in fields(cls)} - set(taken)
    if set(values) != names:
        raise ValueError(f"{cls.__name__} of {', '.join(sorted(values))}")


def _numbers(values: Mapping) -> dict[str, Any]:
    """Return values with the numbers among them read."""
    return {name: _number(one) if name in NUMBERS else one for name, one in values.items()}


def _number(value: float | str | None) -> float:
    """Read one number; whole ones stay whole, since digests tell 1 from 1.0."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"{value!r} is no number")
    return float(value) if isinstance(value, str) else value


def _strict(value: Any) -> Any:  # noqa: ANN401 (plain data of any shape)
    """Replace what JSON has no number for."""
    if isinstance(value, Mapping):
        return {name: _strict(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_strict(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(float(value))
    return value
