# SPDX-License-Identifier: Apache-2.0
"""What a training is asked to do, as plain values; needs no torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.store.model_store import NAME_WORDS, is_model_name
from vi_ik_ros.sampling.training.settings import (
    FitSettings,
    checked_settings,
    refuse_too_many,
)


@dataclass(frozen=True)
class TrainingJob:
    """One model to train.

    Attributes:
        model: its name in the model store.
        document: the objectives file as plain values; its numbers may be infinite.
        family: of the model; '' for what suits the objectives.
        settings: fields of `FitSettings` that are not left to their defaults.
        force: replace the model in the store even if the new one scores worse.
        device: `auto`, `cpu` or an accelerator's name, see `resolve_device`.
    """

    model: str
    document: Mapping[str, object]
    family: str = ""
    settings: Mapping[str, int | float] = field(default_factory=dict)
    force: bool = False
    device: str = "auto"

    def check(self) -> FitSettings:
        """Refuse what can be refused without reading the objectives; return the settings.

        Raises:
            InvalidInput: its field is `model`, `document` or that of a setting.
        """
        if not isinstance(self.model, str) or not is_model_name(self.model):
            raise InvalidInput("model", self.model, NAME_WORDS)
        if not isinstance(self.document, Mapping):
            raise InvalidInput("document", self.document, "an objectives file as a mapping")
        settings = checked_settings(self.settings)
        refuse_too_many(settings, self.family)
        return settings

    def to_plain(self) -> dict[str, object]:
        """Return the fields as nested plain values, as requests to the worker hold them."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, object]) -> Self:
        """Rebuild from `to_plain`.

        Raises:
            InvalidInput: the fields are not those of a job.
        """
        try:
            return cls(**plain)  # type: ignore[arg-type]
        except TypeError:
            names = ", ".join(entry.name for entry in fields(cls))
            raise InvalidInput("job", sorted(map(str, plain)), f"the fields {names}") from None

    def to_json(self) -> str:
        """Return one line of text; infinities and NaN stay what they are (not strict JSON)."""
        return json.dumps(self.to_plain())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild from `to_json`.

        Raises:
            InvalidInput: the text is not that of a job.
        """
        try:
            plain = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidInput("job", text, "the JSON text of a job") from None
        if not isinstance(plain, dict):
            raise InvalidInput("job", text, "the JSON text of a job")
        return cls.from_plain(plain)
