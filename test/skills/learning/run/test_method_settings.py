# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass
from typing import Literal

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.run.method_settings import settings_from_words, settings_of


@dataclass(frozen=True)
class Some:
    count: int = 4
    share: float = 0.5
    is_on: bool = False
    kind: Literal["a", "b"] = "a"


def test_words_become_numbers_truths_and_words():
    names = ["a", "b", "c", "d", "e", "f"]
    found = settings_from_words(names, ["3", "5e-3", "true", "false", "known", " -1 "])
    assert found == {"a": 3, "b": 0.005, "c": True, "d": False, "e": "known", "f": -1}
    assert [type(value) for value in found.values()] == [int, float, bool, bool, str, int]


@pytest.mark.parametrize(
    ("names", "words", "says"),
    [
        (["a"], [], "settings: got 0 values, expected one for each of 1 names"),
        (["a", "a"], ["1", "2"], "settings: got a, a, expected each setting once"),
    ],
)
def test_names_and_words_must_match(names, words, says):
    with pytest.raises(InvalidInput, match=says):
        settings_from_words(names, words)


def test_options_become_fields():
    assert settings_of(Some, {}) == Some()
    options = {"count": 2, "share": 1, "is_on": True, "kind": "b"}
    assert settings_of(Some, options) == Some(2, 1, True, "b")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cont": 2}, "settings.cont: got an unknown setting, expected count"),
        ({"count": 2.5}, "settings.count: got 2.5, expected a whole number"),
        ({"count": True}, "settings.count: got True, expected a whole number"),
        ({"count": "many"}, "settings.count: got many, expected a whole number"),
        ({"share": float("nan")}, "settings.share: got nan, expected a number"),
        ({"share": "half"}, "settings.share: got half, expected a number"),
        ({"is_on": 1}, "settings.is_on: got 1, expected true or false"),
    ],
)
def test_other_names_and_types_are_refused(options, says):
    with pytest.raises(InvalidInput) as refusal:
        settings_of(Some, options)
    assert str(refusal.value).startswith(says)
