# SPDX-License-Identifier: Apache-2.0
import multiprocessing
import os
import threading

import numpy as np
import pytest

from vi_ik_ros.sampling.store import atomic_directory
from vi_ik_ros.sampling.store.atomic_directory import read_directory, read_file, write_directory
from vi_ik_ros.sampling.store.model_store import ModelStore

NAMES = ("a", "b")


def pair(directory):
    return read_directory(directory, lambda handle: [read_file(handle, n) for n in NAMES])


@pytest.fixture(params=["exchange", "two renames"])
def each_way(request, monkeypatch):
    if request.param == "two renames":
        monkeypatch.setattr(atomic_directory, "_exchange", lambda a, b: False)


def test_nothing_is_left_beside_the_directory(tmp_path, each_way):
    for content in (b"1", b"2"):
        write_directory(tmp_path / "model", dict.fromkeys(NAMES, content))
        assert pair(tmp_path / "model") == [content, content]
        assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("step", ["_write_file", "_sync_directory", "_put_in_place"])
def test_an_error_at_any_step_leaves_the_old_files(tmp_path, monkeypatch, step):
    write_directory(tmp_path / "model", dict.fromkeys(NAMES, b"old"))

    def fail(*args):
        raise OSError("no space left")

    monkeypatch.setattr(atomic_directory, step, fail)
    with pytest.raises(OSError, match="no space"):
        write_directory(tmp_path / "model", dict.fromkeys(NAMES, b"new"))
    assert pair(tmp_path / "model") == [b"old", b"old"]
    assert os.listdir(tmp_path) == ["model"]


def die_while_writing(directory, step):
    setattr(atomic_directory, step, lambda *args: os._exit(9))
    write_directory(directory, dict.fromkeys(NAMES, b"new"))


@pytest.mark.parametrize("step", ["_write_file", "_sync_directory", "_put_in_place"])
def test_a_killed_writer_leaves_the_old_model_and_the_next_one_cleans_up(tmp_path, step):
    write_directory(tmp_path / "model", dict.fromkeys(NAMES, b"old"))
    writer = multiprocessing.get_context("fork").Process(
        target=die_while_writing, args=(tmp_path / "model", step)
    )
    writer.start()
    writer.join(10)
    assert writer.exitcode == 9
    assert pair(tmp_path / "model") == [b"old", b"old"]
    assert len(os.listdir(tmp_path)) == 2
    assert ModelStore(tmp_path, tmp_path / "none").names() == ("model",)

    write_directory(tmp_path / "model", dict.fromkeys(NAMES, b"new"))
    assert pair(tmp_path / "model") == [b"new", b"new"]
    assert os.listdir(tmp_path) == ["model"]


def test_a_reader_never_sees_files_of_two_writings(tmp_path, make_model, document):
    store = ModelStore(tmp_path, tmp_path / "none")
    store.write(store.root / "hand", make_model(0.0), document | {"scores": {"fill": 0.0}})
    done = threading.Event()
    seen = []

    def read():
        while not done.is_set():
            stored = store.load("hand")
            assert isinstance(store.documents()["hand"], dict)
            seen.append((stored.document["scores"]["fill"], float(stored.model.matrix[0, 0])))

    errors = []
    reader = threading.Thread(target=lambda: _collect(read, errors))
    reader.start()
    for fill in np.arange(1.0, 60.0):
        store.write(store.root / "hand", make_model(fill), document | {"scores": {"fill": fill}})
    done.set()
    reader.join(10)
    assert errors == []
    assert all(said == held for said, held in seen)
    assert len(set(seen)) > 5


def test_two_writers_of_one_name_both_succeed(tmp_path, make_model, document):
    store = ModelStore(tmp_path, tmp_path / "none")
    errors = []

    def write(fill):
        for _ in range(15):
            _collect(lambda: store.write(store.root / "hand", make_model(fill), document), errors)

    writers = [threading.Thread(target=write, args=(fill,)) for fill in (1.0, 2.0)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(10)
    assert errors == []
    assert store.load("hand").model.matrix[0, 0] in (1.0, 2.0)
    assert os.listdir(tmp_path) == ["hand"]


def _collect(work, errors):
    try:
        work()
    except Exception as error:
        errors.append(error)
