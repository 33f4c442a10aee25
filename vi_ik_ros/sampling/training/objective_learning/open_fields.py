# SPDX-License-Identifier: Apache-2.0
"""Which numbers of an objectives file are learned, and where they begin."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from torch import Tensor

from vi_ik_ros.exceptions import InvalidInput, ObjectiveError
from vi_ik_ros.sampling.experts.fields import is_list
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.training.objective_learning.expert_family import ExpertFamily
from vi_ik_ros.sampling.training.objective_learning.learned_normal import (
    FIELDS,
    LearnedNormal,
    default_form,
    first_values,
)


@dataclass(frozen=True)
class OpenObjectives:
    """An objectives file some of whose numbers are learned.

    Attributes:
        document: the file, with the moments of the demonstrations for what is learned.
        family: the densities that it may become.
    """

    document: dict[str, object]
    family: ExpertFamily

    def at(self, theta: Tensor) -> dict[str, object]:
        """Return the file with the numbers at theta (P,)."""
        document = copy.deepcopy(self.document)
        for one, own in zip(self.family.learned, self.family.split(theta), strict=True):
            _density(document, one.expert.name).update(one.written(own))
        return document


def open_objectives(
    document: Mapping[str, object],
    demonstrations: Tensor,
    names: Sequence[str] = (),
) -> OpenObjectives:
    """Free the named fields and begin at the moments of demonstrated values.

    Args:
        document: an objectives file as plain values. The form of a std that is learned, one number,
            a list or a mapping by parts, says which entries share a number. A context entry of a
            mean that is learned is dropped.
        demonstrations: (n, nq) [rad, m].
        names: `objective.field`; none for every mean and std that a normal density leaves out.

    Raises:
        InvalidInput: A name is wrong, or something else in the file is open.
        ObjectiveError: The file cannot be read, or the demonstrations have no spread.
    """
    filled = copy.deepcopy(dict(document))
    wanted = _parsed(filled, names) if names else _left_open(filled)
    loaded = load_objectives(_placeholders(filled, wanted))
    _refuse_other_contexts(loaded, wanted)
    if not loaded.product.bound:
        raise ObjectiveError("priority", "several levels", "one level: the others have no density")
    forms = _begin_at_moments(filled, loaded, demonstrations, wanted)
    product = load_objectives(filled, robot=loaded.robot).product
    learned = [LearnedNormal(product.expert(n), fields, forms[n]) for n, fields in wanted.items()]
    return OpenObjectives(filled, ExpertFamily(product, learned))


def _begin_at_moments(
    document: dict[str, object],
    loaded: Objectives,
    demonstrations: Tensor,
    wanted: Mapping[str, Sequence[str]],
) -> dict[str, object]:
    """Write first values into a document that needs no context then; return the stds' forms."""
    state = loaded.product.state(demonstrations)
    forms: dict[str, object] = {}
    for name, fields in wanted.items():
        expert, density = loaded.product.expert(name), _density(document, name)
        forms[name] = density.get("std", default_form(expert.transform))
        first = first_values(expert, expert.transform(state), fields, forms[name])
        if "covariance" in fields or "std" in fields:
            density.pop("std", None)
            density.pop("covariance", None)
        density.update(first)
    document["context"] = []
    return forms


def _items(document: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """Return the objectives by name; whatever is malformed is left to `load_objectives`."""
    items = document.get("objectives")
    whole = [item for item in items if isinstance(item, Mapping)] if is_list(items) else []
    return {str(i.get("name")): i for i in whole if isinstance(i.get("density"), Mapping)}


def _density(document: Mapping[str, object], name: str) -> dict[str, object]:
    """Return the density of an objective, to be changed."""
    density = _items(document)[name]["density"]
    assert isinstance(density, dict)
    return density


def _left_open(document: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """Return the fields that normal densities leave out."""
    wanted = {}
    for name in _items(document):
        density = _density(document, name)
        fields = [] if "mean" in density else ["mean"]
        fields += [] if "std" in density or "covariance" in density else ["std"]
        if density.get("type") == "normal" and fields:
            wanted[name] = tuple(fields)
    if not wanted and _items(document):
        expected = "a normal density without mean or std, or the names of fields to learn"
        raise ObjectiveError("objectives", "no open field", expected)
    return wanted


def _parsed(document: Mapping[str, object], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the named fields of each objective."""
    normals = [
        name for name in _items(document) if _density(document, name).get("type") == "normal"
    ]
    valid = [f"{name}.{field}" for name in normals for field in FIELDS]
    wanted: dict[str, tuple[str, ...]] = {}
    for name in names:
        if name not in valid:
            near = get_close_matches(name, valid, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            choice = ", ".join(valid) or "one of a normal density, but the file has none"
            raise InvalidInput("learn", name, f"a field of a normal density: {choice}{hint}")
        objective, _, field = name.rpartition(".")
        wanted[objective] = tuple(dict.fromkeys([*wanted.get(objective, ()), field]))
    for objective, fields in wanted.items():
        if {"std", "covariance"} <= set(fields):
            raise InvalidInput("learn", f"{objective}.std and .covariance", "one of them")
    # In the order in which coordinates are laid out.
    return {name: tuple(f for f in FIELDS if f in fields) for name, fields in wanted.items()}


def _placeholders(
    document: Mapping[str, object], wanted: Mapping[str, Sequence[str]]
) -> dict[str, object]:
    """Return a file that can be read: open means come from a context, open spreads are 1."""
    result = copy.deepcopy(dict(document))
    context = result.get("context") or []
    if not is_list(context):
        raise ObjectiveError("context", context, "a list of mappings")
    filled = [entry.get("objective") for entry in context if isinstance(entry, Mapping)]
    for name, fields in wanted.items():
        density = _density(result, name)
        if "mean" in fields:
            density.pop("mean", None)
            if name not in filled:
                entry = {"objective": name, "distribution": {"type": "reachable"}}
                context = [*context, entry]
        if "std" in fields:
            density.pop("covariance", None)
            density.setdefault("std", 1.0)
        if "covariance" in fields:
            density.pop("covariance", None)
            density["std"] = 1.0
    return {**result, "context": context}


def _refuse_other_contexts(loaded: Objectives, wanted: Mapping[str, Sequence[str]]) -> None:
    """Refuse a context that demonstrations do not tell."""
    for entry in loaded.context_entries:
        if entry.field not in wanted.get(entry.objective, ()):
            expected = f"no context: learn {entry.objective}.{entry.field} too, or write its value"
            raise ObjectiveError("context", entry.name, expected)
