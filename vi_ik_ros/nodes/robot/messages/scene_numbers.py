# SPDX-License-Identifier: Apache-2.0
"""A scene as one row of numbers, as sim/reset takes it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.scene.reading import read

SHAPES = ("slot", "cross")  # recess.shape by its number
POSE = 7  # numbers of a pose


def scene_to_numbers(scene: Scene) -> list[float]:
    """Return all numbers of a scene in the order of its file, without its name."""
    return list(_numbers(scene.plain()))


def scene_from_numbers(numbers: Sequence[float], scene: Scene) -> Scene:
    """Return a scene of numbers.

    Args:
        numbers: none: the scene as it is; 7: another nominal pose of its plate; otherwise all.
        scene: the present one, whose name is kept.

    Raises:
        InvalidInput: there are more or fewer numbers, or one cannot be.
    """
    if not len(numbers):
        return scene
    needed = len(scene_to_numbers(scene))
    if len(numbers) == POSE:
        plate = {**scene.plain()["plate"], "pose": [float(number) for number in numbers]}
        return replace(scene, plate=read(type(scene.plate), plate, "scene.plate"))
    if len(numbers) != needed:
        expected = f"none, {POSE} for the plate's pose, or {needed} for all of a scene"
        raise InvalidInput("scene", f"{len(numbers)} numbers", expected)
    return read(Scene, _filled(scene.plain(), iter(numbers)), "scene")


def _numbers(value: object) -> Iterator[float]:
    """Walk through a mapping; a name other than a shape is no number."""
    if isinstance(value, dict):
        for key, entry in value.items():
            if key != "name":
                yield from _numbers(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _numbers(entry)
    elif isinstance(value, str):
        yield float(SHAPES.index(value))
    else:
        assert isinstance(value, int | float)
        yield float(value)


def _filled(value: object, numbers: Iterator[float]) -> object:
    """Return a copy of a mapping with other numbers."""
    if isinstance(value, dict):
        return {k: v if k == "name" else _filled(v, numbers) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(entry, numbers) for entry in value]
    number = float(next(numbers))
    if not isinstance(value, str):
        return number
    if number not in range(len(SHAPES)):
        known = ", ".join(f"{i} for {shape}" for i, shape in enumerate(SHAPES))
        raise InvalidInput("scene.recess.shape", number, known)
    return SHAPES[int(number)]
