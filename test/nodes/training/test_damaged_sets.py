# SPDX-License-Identifier: Apache-2.0
"""Whatever is in a message, it becomes a product of experts or one line that names a place."""

import array
import copy
import json
import math
import random
from collections.abc import Iterator

import pytest

from vi_ik_ros import msg
from vi_ik_ros.benchmarks.never_nan.random_objectives import load_robot
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.robot_description import robot_aliases
from vi_ik_ros.nodes.training.objective_messages import document_from_msg, objectives_to_msg
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives

NUM_DAMAGED = 20  # of each file
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 1e10, 1e308, -1e308, math.nan, math.inf, -math.inf)
WHOLE = (0, 1, 2, 5, 100, 2**31, 2**32 - 1)
TEXTS = ("", "x", "tip", "pose", "projection", "normal", "normal_cdf", "distance", "uniform")
TEXTS += ("panda_link8", "mean", "a b", "\x1b[31m", "/dev/null", "../x", "<robot/>", "base")
HANDMADE = ("bounds", "collision_shapes", "floating_base_with_ranges", "projections", "spreads")


def parts(message: object) -> Iterator[object]:
    """Yield a message and all messages in it."""
    yield message
    for name in message.get_fields_and_field_types():
        value = getattr(message, name)
        for inner in value if isinstance(value, list) else [value]:
            if hasattr(inner, "get_fields_and_field_types"):
                yield from parts(inner)


def damaged(rng: random.Random, kind: str, value: object) -> object:
    """Return another value of a field of a message."""
    if kind == "sequence<double>":
        kept = list(value)[: rng.randrange(8)]
        return array.array("d", [rng.choice([number, *NUMBERS]) for number in [*kept, 1.0]])
    if kind.startswith("sequence<"):
        element = kind.removeprefix("sequence<").rstrip(">")
        new = rng.choice(TEXTS) if element == "string" else getattr(msg, element.split("/")[1])()
        return rng.choice([[], value[1:], [*value, *value[:1]], [*value, new]])
    choices = {"string": TEXTS, "double": NUMBERS, "boolean": (True, False)}
    return rng.choice(choices.get(kind, WHOLE if kind.startswith("uint") else (value,)))


def loaded(document: dict) -> Objectives:
    known = document["robot"] in robot_aliases() if isinstance(document["robot"], str) else False
    return load_objectives(document, robot=load_robot(document["robot"]) if known else None)


@pytest.mark.parametrize("name", [*HANDMADE, "uniform_contexts", "panda_over_table"])
def test_a_damaged_message_is_taken_or_refused_in_one_line(received, files, name):
    rng, refused = random.Random(name), 0
    whole = objectives_to_msg(files[name])
    for _ in range(NUM_DAMAGED):
        message = copy.deepcopy(whole)
        for _ in range(rng.choice([1, 1, 3])):
            part = rng.choice(list(parts(message)))
            field, kind = rng.choice(list(part.get_fields_and_field_types().items()))
            setattr(part, field, damaged(rng, kind, getattr(part, field)))
        try:
            document = document_from_msg(received(message))
            json.dumps(document, allow_nan=False)
            objectives = loaded(document)
        except InvalidInput as error:
            refused += 1
            assert error.field and len(str(error).splitlines()) == 1
        else:
            again = document_from_msg(received(objectives_to_msg(objectives.document)))
            assert loaded(again).digest == objectives.digest
    assert 0 < refused < NUM_DAMAGED
