# SPDX-License-Identifier: Apache-2.0
import errno
import json
import math
import os

import pytest

from vi_ik_ros.exceptions import InvalidInput, ModelNotFound, ModelRefused
from vi_ik_ros.sampling.store import atomic_directory
from vi_ik_ros.sampling.store.adoption import adopt
from vi_ik_ros.sampling.store.model_store import ModelStore


@pytest.fixture
def put(make_model, document):
    """Write a model `hand` of some score and objectives below a directory; its digest."""

    def write(parent, score=None, fill=1.0, objectives="A", **words):
        scores = {} if score is None else {"elbo": score}
        told = document | {"scores": scores, "objectives_digest": objectives} | words
        return ModelStore().write(parent / "hand", make_model(fill), told)

    return write


@pytest.fixture
def fitted(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work" / "hand"


def test_the_first_model_of_a_name_is_adopted_bit_by_bit(store, put, fitted):
    digest = put(fitted.parent, -1.0)
    found = adopt(store, fitted, "hand")
    assert (found.adopted, found.digest, found.reason, found.score) == (True, digest, "", -1.0)
    assert math.isnan(found.stored_score)
    for file in ("model.json", "weights.safetensors"):
        assert (store.root / "hand" / file).read_bytes() == (fitted / file).read_bytes()
    assert os.listdir(store.root) == ["hand"]


@pytest.mark.parametrize("layer", ["root", "shipped"])
def test_a_worse_model_leaves_the_one_in_the_store_unless_forced(store, put, fitted, layer):
    old = put(getattr(store, layer), -1.0)
    new = put(fitted.parent, -1.5, fill=2.0)
    found = adopt(store, fitted, "hand")
    assert (found.adopted, found.digest) == (False, old)
    assert (found.score, found.stored_score) == (-1.5, -1.0)
    assert all(word in found.reason for word in ("-1.5", "-1 ", "stays", "force"))
    assert found.reason.count("\n") == 0 and store.load("hand").digest == old
    found = adopt(store, fitted, "hand", force=True)
    assert (found.adopted, found.stored_score) == (True, -1.0)
    assert store.load("hand").digest == new


def test_a_better_model_hides_the_shipped_one(store, put, fitted):
    old = put(store.shipped, -2.0)
    new = put(fitted.parent, -1.0, fill=2.0)
    assert adopt(store, fitted, "hand").adopted
    assert store.load("hand").digest == new
    assert ModelStore(store.shipped.parent / "none", store.shipped).load("hand").digest == old


@pytest.mark.parametrize("other", ["objectives", "robot"])
def test_scores_of_other_objectives_or_of_another_robot_do_not_compare(
    store, put, fitted, document, other
):
    put(store.root, -1.0)
    changed = {"robot": document["robot"] | {"digest": "1" * 64}}
    put(fitted.parent, -100.0, **({"objectives": "B"} if other == "objectives" else changed))
    found = adopt(store, fitted, "hand")
    assert found.adopted and math.isnan(found.stored_score)


def test_the_same_model_is_adopted_without_another_writing(store, put, fitted):
    digest = put(store.root, -1.0)
    put(fitted.parent, -1.0)
    before = store.fingerprints()
    assert adopt(store, fitted, "hand").digest == digest
    assert store.fingerprints() == before


@pytest.mark.parametrize("objectives", ["A", "B"])
def test_a_model_without_a_score_never_replaces_one_with(store, put, fitted, objectives):
    old = put(store.root, -1.0)
    put(fitted.parent, None, fill=2.0, objectives=objectives)
    found = adopt(store, fitted, "hand", force=True)
    assert (found.adopted, found.digest) == (False, old) and math.isnan(found.score)
    assert "no score" in found.reason


def test_two_models_without_a_score_follow_each_other(store, put, fitted):
    put(store.root)
    put(fitted.parent, fill=2.0)
    assert adopt(store, fitted, "hand").adopted


@pytest.mark.parametrize("damage", ["weights", "cut", "document"])
def test_a_damaged_model_is_replaced(store, put, fitted, damage):
    put(store.root, -1.0)
    weights = store.root / "hand" / "weights.safetensors"
    content = weights.read_bytes()
    if damage == "weights":
        weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "cut":
        weights.write_bytes(content[:-1])
    else:
        (store.root / "hand" / "model.json").write_text("{")
    new = put(fitted.parent, -9.0, fill=2.0)
    assert adopt(store, fitted, "hand").adopted
    assert store.load("hand").digest == new


def make_newer(directory, *, other_files=False):
    path = directory / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 2}))
    if other_files:
        (directory / "weights.safetensors").unlink()


@pytest.mark.parametrize("other_files", [False, True])
def test_a_model_of_a_newer_schema_is_never_replaced(store, put, fitted, other_files):
    put(store.root, -1.0)
    put(fitted.parent, 5.0, fill=2.0)
    make_newer(store.root / "hand", other_files=other_files)
    found = adopt(store, fitted, "hand", force=True)
    assert not found.adopted and "newer vi_ik_ros" in found.reason and found.score == 5.0
    document = json.loads((store.root / "hand" / "model.json").read_text())
    assert document["schema_version"] == 2


def test_a_fitted_model_that_is_damaged_missing_or_of_another_name_is_refused(store, put, fitted):
    with pytest.raises(ModelNotFound):
        adopt(store, fitted, "hand")
    put(fitted.parent, -1.0)
    with pytest.raises(InvalidInput, match="model: got foot, expected hand"):
        adopt(store, fitted, "foot")
    (fitted / "weights.safetensors").write_bytes(b"")
    with pytest.raises(ModelRefused):
        adopt(store, fitted, "hand")
    assert store.names() == ()


def test_a_disk_that_fills_up_while_writing_leaves_the_old_model(store, put, fitted, monkeypatch):
    old = put(store.root, -2.0)
    put(fitted.parent, -1.0, fill=2.0)
    written = []

    def write(path, content):
        path.write_bytes(content[:100])
        written.append(path.name)
        if len(written) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(atomic_directory, "_write_file", write)
    with pytest.raises(InvalidInput, match="model_store: got .*No space left on device"):
        adopt(store, fitted, "hand")
    assert written == ["model.json", "weights.safetensors"]
    assert store.load("hand").digest == old and os.listdir(store.root) == ["hand"]


def test_what_is_no_model_is_never_replaced(store, put, fitted):
    put(fitted.parent, -1.0)
    (store.root / "hand").mkdir(parents=True)
    (store.root / "hand" / "thesis.tex").write_text("years of work")
    with pytest.raises(InvalidInput, match="model: got .*thesis.tex"):
        adopt(store, fitted, "hand", force=True)
    assert (store.root / "hand" / "thesis.tex").exists()
