# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml

from vi_ik_ros.strict_yaml import parse_yaml


@pytest.mark.parametrize(("text", "value"), [("5e-3", 5e-3), ("-.5E+2", -50.0), ("1e3x", "1e3x")])
def test_numbers_with_exponents_are_numbers(text, value):
    assert parse_yaml(f"a: {text}") == {"a": value}


@pytest.mark.parametrize("text", ["b: 1\na: 1\nb: 2", "c:\n  - {b: 1,\n    b: 1}", "1: 0\n\n1: 0"])
def test_key_that_is_written_twice_is_refused_with_its_line(text):
    with pytest.raises(yaml.MarkedYAMLError, match="is written twice") as caught:
        parse_yaml(text)
    assert caught.value.problem_mark.line == 2


def test_equal_keys_of_different_mappings_are_welcome():
    assert parse_yaml("a: {b: 1}\nc: {b: 2}") == {"a": {"b": 1}, "c": {"b": 2}}


def test_no_object_is_made():
    with pytest.raises(yaml.YAMLError):
        parse_yaml("!!python/object/apply:os.getcwd []")
