# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.training.settings import RANGES, FitSettings, checked_settings

WHOLE = [name for name, span in RANGES.items() if span.whole]


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_both_ends_of_a_range_are_taken(name, end):
    value = getattr(RANGES[name], end)
    assert getattr(checked_settings({name: value}), name) == value


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, -1, 1e300, 10**400, "1", None, True, [1]]
)
def test_everything_else_is_refused_with_the_field_and_its_range(name, value):
    with pytest.raises(InvalidInput) as refusal:
        checked_settings({name: value})
    assert refusal.value.field == name and refusal.value.value is value
    assert f"to {RANGES[name].highest:,}" in refusal.value.expected


@pytest.mark.parametrize("name", [name for name in RANGES if RANGES[name].lowest > 0])
def test_nothing_at_all_is_refused(name):
    with pytest.raises(InvalidInput, match=f"^{name}: got 0, expected"):
        checked_settings({name: 0})


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_whole(name):
    value = getattr(checked_settings({name: 3.0}), name)
    assert value == 3 and isinstance(value, int)
    with pytest.raises(InvalidInput, match=f"{name}: got 3.5, expected a whole number from"):
        checked_settings({name: 3.5})


def test_what_is_not_told_keeps_its_default():
    assert checked_settings({}) == FitSettings()
    assert checked_settings({"time_limit": 5}) == FitSettings(time_limit=5.0)


def test_an_unknown_setting_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInput, match="settings.learning_rate: .*one of num_components, seed"):
        checked_settings({"learning_rate": 1.0})


def test_an_error_calls_a_field_what_its_caller_does():
    with pytest.raises(InvalidInput, match="^--steps: got 0, expected a whole number from 1 to"):
        checked_settings({"steps": 0}, lambda field: f"--{field}")
