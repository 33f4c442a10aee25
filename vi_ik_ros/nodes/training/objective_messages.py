# SPDX-License-Identifier: Apache-2.0
"""Objectives files as messages and back: without loss, and without looking at a robot."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from builtin_interfaces.msg import Time

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.msg import ObjectiveSet
from vi_ik_ros.nodes.training.tables.kinds import sendable_text
from vi_ik_ros.nodes.training.tables.objective_set import SET
from vi_ik_ros.sampling.experts.fields import LARGEST_WHOLE

_LARGEST_SEED = 2**64 - 1
_SETTINGS = (  # fields of FitSettings that a set may hold
    "num_components",
    "seed",
    "steps",
    "time_limit",
    "width",
    "num_blocks",
    "batch_size",
)


@dataclass(frozen=True)
class TrainingOptions:
    """How a set wants to be trained.

    Attributes:
        model: name of the model in the store.
        family: name of the model family; '' = what suits the objectives.
        settings: fields of FitSettings that were given, by name.
        force: whether the model replaces a better one in the store.
    """

    model: str
    family: str = ""
    settings: Mapping[str, int | float] = field(default_factory=dict)
    force: bool = False


def objectives_to_msg(
    document: Mapping[str, object],
    *,
    model: str = "",
    family: str = "",
    num_components: int = 0,
    seed: int = 0,
    steps: int = 0,
    time_limit: float = 0.0,
    width: int = 0,
    num_blocks: int = 0,
    batch_size: int = 0,
    force: bool = False,
    stamp: Time | None = None,
) -> ObjectiveSet:
    """Return the message of an objectives file and of how to train on it.

    Keys and types are checked as far as the message needs it; `load_objectives` checks the rest.
    Zero or empty options are left out, as in the message.

    Args:
        document: the contents of an objectives file.
        model: name of the model in the store.
        family: name of the model family.
        num_components: K.
        seed: random seed.
        steps: updates after which the training ends.
        time_limit: time after which it ends [s].
        width: of a network.
        num_blocks: of a network.
        batch_size: pairs of one update of a network.
        force: replace the model in the store even if the new one scores worse.
        stamp: time of the sender.

    Raises:
        ObjectiveError: a key or a value has no place in the message.
        InvalidInput: an option has none.
    """
    whole = {"num_components": num_components, "steps": steps, "width": width}
    whole |= {"num_blocks": num_blocks, "batch_size": batch_size, "seed": seed}
    for name, value in whole.items():
        most = _LARGEST_SEED if name == "seed" else LARGEST_WHOLE
        if not isinstance(value, int) or not 0 <= value <= most:
            raise InvalidInput(name, value, f"a whole number from 0 to {most}")
    texts = {"model": model, "family": family}
    msg = SET.pack(document, "")
    for name, text in texts.items():
        setattr(msg, name, sendable_text(text, name) if text else "")
    for name, value in whole.items():
        setattr(msg, name, value)
    msg.time_limit, msg.force = float(time_limit), bool(force)
    msg.stamp = Time() if stamp is None else stamp
    return msg


def document_from_msg(msg: ObjectiveSet) -> dict[str, object]:
    """Return the contents of the objectives file that a message holds, as plain values.

    They have no NaN or infinity, and await `load_objectives`.

    Raises:
        ObjectiveError: the message contradicts itself or holds no number where one should be; the
            field is the place in the file.
    """
    return {"context": [], **SET.unpack(msg, "")}


def options_from_msg(msg: ObjectiveSet) -> TrainingOptions:
    """Return how the set of a message wants to be trained; nothing is checked."""
    given = {name: getattr(msg, name) for name in _SETTINGS}
    settings = {name: value for name, value in given.items() if value}
    return TrainingOptions(msg.model, msg.family, settings, msg.force)
