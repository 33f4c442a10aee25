# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput, ModelNotFound, ModelRefused


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_written_model_is_read_back_bit_by_bit(store, make_model, document, robot, dtype):
    rng = np.random.default_rng(0)
    model = make_model(dtype=dtype)
    model.matrix[:] = rng.standard_normal(model.matrix.shape)
    extras = {"extra.training_contexts": rng.random((10, 3)).astype(np.float32)}

    digest = store.write(store.root / "hand", model, document, extras)
    stored = store.load("hand", robot)

    assert stored.digest == digest
    assert stored.model.matrix.dtype == dtype
    assert np.array_equal(stored.model.matrix, model.matrix)
    assert np.array_equal(
        stored.extras["extra.training_contexts"], extras["extra.training_contexts"]
    )
    assert stored.document["scores"] == {"elbo": -1.25}
    assert (stored.name, stored.path) == ("hand", store.root / "hand")
    assert sorted(p.name for p in stored.path.iterdir()) == ["model.json", "weights.safetensors"]


def test_float64_weights_become_float32(store, make_model, document):
    store.write(store.root / "hand", make_model(1 / 3, dtype=np.float64), document)
    assert store.load("hand").model.matrix.dtype == np.float32


def test_the_digest_changes_with_weights_and_with_the_document(store, make_model, document):
    first = store.write(store.root / "hand", make_model(1.0), document)
    again = store.write(store.root / "hand", make_model(1.0), document)
    other_weights = store.write(store.root / "hand", make_model(2.0), document)
    other_words = store.write(
        store.root / "hand", make_model(1.0), document | {"training": {"seed": 1}}
    )
    assert first == again
    assert len({first, other_weights, other_words}) == 3


def test_the_writable_layer_hides_the_shipped_one(store, make_model, document):
    store.write(store.shipped / "hand", make_model(1.0), document)
    store.write(store.shipped / "foot", make_model(5.0), document)
    assert store.load("hand").model.matrix[0, 0] == 1.0
    store.write(store.root / "hand", make_model(2.0), document)
    assert store.load("hand").model.matrix[0, 0] == 2.0
    assert store.names() == ("foot", "hand")
    assert store.load("foot").path == store.shipped / "foot"


def test_a_directory_outside_the_store_is_loaded_by_its_path(
    store, make_model, document, tmp_path, monkeypatch
):
    store.write(tmp_path / "elsewhere" / "hand", make_model(), document)
    assert store.names() == ()
    assert store.load(tmp_path / "elsewhere" / "hand").name == "hand"
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert store.load("hand").path.samefile(tmp_path / "elsewhere" / "hand")
    assert store.load("./hand").name == "hand"


def test_an_unknown_name_is_answered_with_the_nearest(store, make_model, document):
    with pytest.raises(ModelNotFound, match="the store is empty"):
        store.load("hnd")
    store.write(store.root / "hand", make_model(), document)
    with pytest.raises(ModelNotFound, match="one of hand"):
        store.load("hnd")


@pytest.mark.parametrize("name", ["Hand", "a-b", "x" * 65, "hand.partial", ".hand", "ü"])
def test_names_outside_the_alphabet_are_refused(store, make_model, document, name):
    with pytest.raises(InvalidInput):
        store.write(store.root / name, make_model(), document)
    assert not store.root.exists() or not any(store.root.iterdir())


def test_other_directories_never_show_as_models(store, make_model, document):
    store.write(store.root / "hand", make_model(), document)
    for name in ("hand.partial", ".hand.writing-abc", "Hand", "a b"):
        (store.root / name).mkdir()
    (store.root / "file").write_text("")
    assert store.names() == ("hand",)
    assert set(store.fingerprints()) == {"hand"}
    assert set(store.documents()) == {"hand"}


def test_a_directory_with_other_files_is_never_replaced(store, make_model, document, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.tex").write_text("years of work")
    with pytest.raises(InvalidInput, match="thesis.tex"):
        store.write(home, make_model(), document)
    assert (home / "thesis.tex").read_text() == "years of work"


def test_a_file_in_the_way_is_an_error_of_one_line(store, make_model, document, tmp_path):
    (tmp_path / "hand").write_text("")
    with pytest.raises(InvalidInput, match="not a file"):
        store.write(tmp_path / "hand", make_model(), document)
    with pytest.raises(InvalidInput, match="can be written"):
        store.write(tmp_path / "hand" / "below", make_model(), document)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_never_written(store, make_model, document, bad):
    with pytest.raises(InvalidInput, match="tensor matrix"):
        store.write(store.root / "hand", make_model(bad), document)
    assert store.names() == ()


@pytest.mark.parametrize("scores", [{"elbo": float("nan")}, {"elbo": object()}])
def test_a_document_that_json_cannot_hold_is_never_written(store, make_model, document, scores):
    with pytest.raises(InvalidInput, match="model document"):
        store.write(store.root / "hand", make_model(), document | {"scores": scores})
    assert store.names() == ()


def test_fingerprints_change_with_every_writing_and_only_then(store, make_model, document):
    store.write(store.root / "hand", make_model(), document)
    before = store.fingerprints()
    store.load("hand")
    assert store.fingerprints() == before
    store.write(store.root / "hand", make_model(), document)
    assert store.fingerprints().keys() == before.keys()
    assert store.fingerprints() != before


def test_documents_gives_the_reason_beside_the_good_ones(store, make_model, document):
    store.write(store.root / "good", make_model(), document)
    store.write(store.root / "cut", make_model(), document)
    weights = store.root / "cut" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    (store.root / "empty").mkdir()
    documents = store.documents()
    assert documents["good"]["family"] == "affine"
    assert isinstance(documents["cut"], ModelRefused)
    assert isinstance(documents["empty"], ModelRefused)
    assert "no model.json" in str(documents["empty"])


def test_the_document_is_json_that_a_person_can_read(store, make_model, document):
    store.write(store.root / "hand", make_model(), document)
    text = (store.root / "hand" / "model.json").read_text()
    assert json.loads(text)["schema_version"] == 1
    assert len(text.splitlines()) > 20
