# SPDX-License-Identifier: Apache-2.0
"""The tables are complete: no key of a file and no field of a message is forgotten."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from vi_ik_ros.kinematics import robot_description
from vi_ik_ros.msg import ContextEntry
from vi_ik_ros.nodes.training.tables import objective_set
from vi_ik_ros.nodes.training.tables.mappings import Either, Nested, Record, Records, Switched
from vi_ik_ros.sampling import experts
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.settings import FitSettings

ABOUT_MODELS = {"kind", "size", "frame", "unit"}  # fields of ContextEntry that a set leaves out
OPTIONS = {"model", "family", "force", "stamp", *(field.name for field in fields(FitSettings))}


def test_every_key_that_experts_read_has_a_place_in_the_message(files, monkeypatch):
    """Every call of `allow` in experts is met, and all keys that it accepts are in the tables."""
    allow, met = Fields.allow, set()

    def recorded(place: Fields, *keys: str) -> None:
        frame = sys._getframe(1)
        met.add((Path(frame.f_code.co_filename), frame.f_lineno))
        assert set(keys) <= keys_at(place.path), place.path
        allow(place, *keys)

    monkeypatch.setattr(Fields, "allow", recorded)
    for document in files.values():
        load_objectives(document)
    missed = [(path, lines) for path, lines in calls_of_allow() if not met & {*places(path, lines)}]
    assert not missed, "give an example in handmade_sets.yaml"


def calls_of_allow() -> Iterator[tuple[Path, range]]:
    """Yield file and lines of each call of `allow` in the experts."""
    for path in Path(experts.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "allow":
                yield path, range(node.lineno, node.end_lineno + 1)


def places(path: Path, lines: range) -> Iterator[tuple[Path, int]]:
    return ((path, line) for line in lines)


def keys_at(path: str) -> set[str]:
    """Return the keys that the tables have at a place in the file."""
    keys: dict = dict(objective_set.SET.keys)
    for word in filter(None, re.sub(r"\[\d+\]", "", path).split(".")):
        keys = keys_below(keys[word])
    return set(keys)


def keys_below(kind: object) -> dict:
    """Return the keys of the mapping that a kind stands for, whatever its type."""
    if isinstance(kind, objective_set.View):
        return {**objective_set.VIEW.keys, **objective_set.PROJECTION.keys}
    if isinstance(kind, objective_set.Robot):
        return dict(objective_set.ROBOT.keys)
    if isinstance(kind, Record | Records):
        return dict(kind.table.keys)
    if isinstance(kind, Nested | Switched):
        return dict(kind.keys)
    assert isinstance(kind, Either), kind
    return keys_below(kind.other if isinstance(kind.other, Nested) else kind.usual)


def test_every_key_of_a_robot_has_a_place_in_the_message():
    assert keys_at("robot") == set(robot_description._KEYS)
    assert keys_at("robot.floating_base") == set(robot_description._BASE_KEYS)


@pytest.mark.parametrize(
    "name", ["ROBOT", "LINK_SHAPE", "OBSTACLE", "DENSITY", "OBJECTIVE", "CONTEXT", "SET"]
)
def test_every_field_of_a_message_is_in_its_table(name):
    table = getattr(objective_set, name)
    slots = {slot for kind in table.keys.values() for slot in kind.slots}
    unused = {ContextEntry: ABOUT_MODELS}.get(table.message, OPTIONS if name == "SET" else set())
    assert slots <= set(table.message.get_fields_and_field_types()) <= slots | unused


def test_every_field_of_a_transform_is_in_its_tables():
    tables = (objective_set.VIEW, objective_set.PROJECTION)
    slots = {slot for table in tables for kind in table.keys.values() for slot in kind.slots}
    assert slots == set(tables[0].message.get_fields_and_field_types())
