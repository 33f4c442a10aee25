# SPDX-License-Identifier: Apache-2.0
"""What decides a learning run, by which a store knows whose episodes it holds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from vi_ik_ros.exceptions import InvalidInput

SHORT = 12  # characters of a digest that are shown


@dataclass(frozen=True)
class LearningRun:
    """A skill in a scene, learned by a method with a seed.

    Attributes:
        skill: the values of its file; they make the same skill when the file is gone.
        scene: the values of its file.
        plant: name of what carries out the episodes.
        method: name of the optimiser.
        seed: of the optimiser and of all episodes.
        settings: of the method, by name; and how it starts, see `prepare`.
        code: version of the code, see `code_version`.
    """

    skill: Mapping
    scene: Mapping
    plant: str
    method: str
    seed: int
    settings: Mapping
    code: str

    @property
    def skill_name(self) -> str:
        """Return the name of the skill."""
        return str(self.skill["name"])

    @property
    def scene_name(self) -> str:
        """Return the name of the scene."""
        return str(self.scene["name"])

    @property
    def skill_digest(self) -> str:
        """Return the SHA-256 digest of the skill's values; comments in its file do not count."""
        return _digest(self.skill)

    @property
    def scene_digest(self) -> str:
        """Return the SHA-256 digest of the scene's values, that of `Scene.digest`."""
        return _digest(self.scene)

    def check_same(self, stored: "LearningRun", place: str) -> None:
        """Refuse to go on with the episodes of another run; the code may differ.

        Args:
            stored: the run whose episodes they are.
            place: the file that holds them.

        Raises:
            InvalidInput: something that decides the run differs.
        """
        for field in ("skill", "scene"):
            if getattr(self, f"{field}_digest") != getattr(stored, f"{field}_digest"):
                raise _other(field, self._told(field), stored._told(field), place)
        for field in ("plant", "method", "seed"):
            came, kept = getattr(self, field), getattr(stored, field)
            if came != kept:
                raise _other(field, came, kept, place)
        for name in sorted({*self.settings, *stored.settings}):
            came, kept = (run.settings.get(name, "the default") for run in (self, stored))
            if came != kept:
                raise _other(f"settings.{name}", came, kept, place)

    def _told(self, field: str) -> str:
        """Return the name and the digest of the skill or the scene."""
        name, digest = getattr(self, f"{field}_name"), getattr(self, f"{field}_digest")
        return f"{name} (digest {digest[:SHORT]})"


def _other(field: str, came: object, kept: object, place: str) -> InvalidInput:
    return InvalidInput(field, came, f"{kept}, whose episodes {place} holds")


def _digest(values: Mapping) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
