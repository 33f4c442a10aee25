# SPDX-License-Identifier: Apache-2.0
"""Put a fitted model into the store, unless the one that is there is better."""

import math
from dataclasses import dataclass
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput, ModelRefused, NewerModel
from vi_ik_ros.sampling.store.atomic_directory import locked, replace_directory
from vi_ik_ros.sampling.store.curves.curve_file import CURVE_FILE
from vi_ik_ros.sampling.store.model_reader import StoredModel
from vi_ik_ros.sampling.store.model_store import ModelStore, check_place
from vi_ik_ros.sampling.store.schema import DOCUMENT_FILE, WEIGHTS_FILE


@dataclass(frozen=True)
class Adoption:
    """What became of a fitted model.

    Attributes:
        adopted: whether the store holds it now.
        digest: of the model that the store holds now under the name; '' if it cannot be read.
        reason: why the model in the store stays, one line; '' if it does not.
        score: held-out ELBO of the fitted model [nat]; NaN if it has none.
        stored_score: that of the model that was in the store; NaN if there was none, or one of
            other objectives, whose score does not compare.
    """

    adopted: bool
    digest: str
    reason: str = ""
    score: float = math.nan
    stored_score: float = math.nan


def adopt(store: ModelStore, fitted: Path, name: str, *, force: bool = False) -> Adoption:
    """Copy a fitted model into the writable layer, whole, unless the store holds a better one.

    A model that is damaged is always replaced, one of a newer schema never, and one with a score
    never by one without.

    Args:
        store: where it goes; a shipped model counts as one that the store holds.
        fitted: directory of the model, whose last part is the name.
        name: of the model.
        force: replace one that scores better.

    Raises:
        ModelNotFound: there is no fitted model.
        ModelRefused: it is damaged.
        InvalidInput: the name is not that of the fitted model, or its place is taken by something
            else (`model`), or the store cannot be written (`model_store`).
    """
    fresh = store.load(Path(fitted).resolve())
    if fresh.document["name"] != name:
        raise InvalidInput("model", name, f"{fresh.document['name']}, as the fitted model says")
    check_place(store.root / name, "model")
    try:
        store.root.mkdir(parents=True, exist_ok=True)
        with locked(store.root):
            return _adopt(store, fresh, name, force)
    except OSError as error:
        expected = f"a directory that can be written ({error.strerror})"
        raise InvalidInput("model_store", str(store.root), expected) from None


def _adopt(store: ModelStore, fresh: StoredModel, name: str, force: bool) -> Adoption:
    """Compare and copy, under the lock of the store."""
    score, stored = _score(fresh), _stored(store, name)
    if isinstance(stored, NewerModel):
        return Adoption(False, "", f"{stored}: it stays", score)
    stored_score = math.nan
    if isinstance(stored, StoredModel):
        if stored.digest == fresh.digest:
            return Adoption(True, fresh.digest, "", score, _score(stored))
        stored_score = _score(stored) if _compare(fresh, stored) else math.nan
        if reason := _objection(score, _score(stored), stored_score, force):
            return Adoption(False, stored.digest, reason, score, stored_score)
    names = [DOCUMENT_FILE, WEIGHTS_FILE]
    if (fresh.path / CURVE_FILE).is_file():
        names.append(CURVE_FILE)
    files = {file: (fresh.path / file).read_bytes() for file in names}
    replace_directory(store.root / name, files)
    return Adoption(True, fresh.digest, "", score, stored_score)


def _stored(store: ModelStore, name: str) -> StoredModel | ModelRefused | None:
    """Return what the store holds under a name, or why it cannot be used."""
    document = store.document(name)
    if document is None or isinstance(document, NewerModel):
        return document
    try:
        return store.load(name)
    except ModelRefused as refusal:
        return refusal


def _compare(fresh: StoredModel, stored: StoredModel) -> bool:
    """Tell whether two scores are of the same objectives on the same robot."""
    documents = (fresh.document, stored.document)
    one, other = ((d["objectives_digest"], d["robot"].get("digest")) for d in documents)
    return one == other


def _score(model: StoredModel) -> float:
    """Return the held-out ELBO of a model [nat], NaN if it has none."""
    value: object = model.document["scores"].get("elbo")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return math.nan
    return float(value) if math.isfinite(value) else math.nan


def _objection(score: float, any_score: float, stored_score: float, force: bool) -> str:
    """Say why the model in the store stays; '' if it does not.

    Args:
        score: of the fitted model.
        any_score: of the model in the store, of whatever objectives.
        stored_score: the same where it compares, otherwise NaN.
        force: whether a better one may be replaced.
    """
    if math.isnan(score) and not math.isnan(any_score):
        return f"has no score, the model in the store scores {any_score:.6g} nat: it stays"
    if score < stored_score and not force:
        return (
            f"scores {score:.6g} nat on held-out draws, the model in the store "
            f"{stored_score:.6g} nat: it stays (force replaces it)"
        )
    return ""
