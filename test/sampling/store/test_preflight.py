# SPDX-License-Identifier: Apache-2.0
"""What a store says before a model is trained for it, and what it tidies up."""

import errno
import json
import multiprocessing
import os
import threading
from types import SimpleNamespace

import pytest

from vi_ik_ros.exceptions import InvalidInput, NewerModel
from vi_ik_ros.sampling.store import atomic_directory
from vi_ik_ros.sampling.store.atomic_directory import locked, write_directory


def test_a_store_that_does_not_exist_yet_is_made(store):
    store.check_writable("hand")
    assert store.root.is_dir() and os.listdir(store.root) == []


@pytest.mark.parametrize("name", ["", "Hand", "../hand", "a/b", "x" * 65])
def test_a_name_that_is_none_is_refused(store, name):
    with pytest.raises(InvalidInput, match="^model: got .*1 to 64 of a-z") as refusal:
        store.check_writable(name)
    assert refusal.value.field == "model" and not store.root.exists()


def test_a_disk_that_is_almost_full_is_refused(store, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=10, f_frsize=4096))
    with pytest.raises(InvalidInput, match="model_store: .*No space.*200 MB free") as refusal:
        store.check_writable("hand")
    assert refusal.value.field == "model_store"
    store.check_writable("hand", num_bytes=40_960)


@pytest.mark.parametrize("step", ["mkstemp", "fsync"])
def test_a_place_that_cannot_be_written_is_refused_and_left_clean(store, monkeypatch, step):
    def fail(*args, **kwargs):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    module = atomic_directory.tempfile if step == "mkstemp" else os
    with monkeypatch.context() as patch:
        patch.setattr(module, step, fail)
        with pytest.raises(InvalidInput, match="model_store: .*Read-only file system"):
            store.check_writable("hand")
    assert os.listdir(store.root) == []


def test_a_store_below_a_file_is_refused(store):
    store.root.parent.mkdir(exist_ok=True)
    store.root.write_text("")
    with pytest.raises(InvalidInput, match="model_store"):
        store.check_writable("hand")


@pytest.mark.parametrize("layer", ["root", "shipped"])
def test_a_model_of_a_newer_schema_is_refused(store, make_model, document, layer):
    directory = getattr(store, layer) / "hand"
    store.write(directory, make_model(), document)
    store.check_writable("hand")
    path = directory / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 7}))
    with pytest.raises(NewerModel, match="model: got hand of schema 7.*newer") as refusal:
        store.check_writable("hand")
    assert refusal.value.field == "model"


def test_a_place_that_something_else_has_is_refused(store):
    (store.root / "hand").mkdir(parents=True)
    (store.root / "hand" / "notes.txt").write_text("")
    with pytest.raises(InvalidInput, match="model: .*notes.txt"):
        store.check_writable("hand")


def test_what_killed_writers_left_is_removed_and_nothing_else(store, make_model, document):
    assert store.remove_unfinished() == ()
    store.write(store.root / "hand", make_model(), document)
    (store.root / ".hand.writing-abc").mkdir()
    (store.root / ".foot.writing-xyz").mkdir()
    (store.root / ".foot.writing-xyz" / "model.json").write_text("{")
    (store.root / ".probe.writing-1").write_text("")
    for name in (".hidden", "hand.partial"):
        (store.root / name).mkdir()
    found = store.remove_unfinished()
    assert found == (".foot.writing-xyz", ".hand.writing-abc", ".probe.writing-1")
    assert sorted(os.listdir(store.root)) == [".hidden", "hand", "hand.partial"]


def write_slowly(directory, begun, go_on):
    with locked(directory):
        (directory / ".hand.writing-mine").mkdir()
        begun.set()
        go_on.wait(10)
        (directory / ".hand.writing-mine").rename(directory / "hand")


def test_a_writer_at_work_is_waited_for(store):
    store.root.mkdir()
    context = multiprocessing.get_context("fork")
    begun, go_on = context.Event(), context.Event()
    writer = context.Process(target=write_slowly, args=(store.root, begun, go_on))
    writer.start()
    assert begun.wait(10)
    found = []
    tidying = threading.Thread(target=lambda: found.append(store.remove_unfinished()))
    tidying.start()
    tidying.join(0.1)
    assert tidying.is_alive()
    go_on.set()
    tidying.join(10)
    writer.join(10)
    assert found == [()] and os.listdir(store.root) == ["hand"]


def die_between_renames(directory):
    atomic_directory._exchange = lambda a, b: False
    rename = atomic_directory.Path.rename

    def once(path, target):
        rename(path, target)
        os._exit(9)

    atomic_directory.Path.rename = once
    write_directory(directory, {"a": b"new"})


@pytest.mark.parametrize("next_one", ["tidies up", "writes"])
def test_an_old_directory_on_its_way_out_is_not_lost(store, next_one):
    store.root.mkdir()
    write_directory(store.root / "hand", {"a": b"old"})
    writer = multiprocessing.get_context("fork").Process(
        target=die_between_renames, args=(store.root / "hand",)
    )
    writer.start()
    writer.join(10)
    assert writer.exitcode == 9 and not (store.root / "hand").exists()
    if next_one == "tidies up":
        store.remove_unfinished()
        assert (store.root / "hand" / "a").read_bytes() == b"old"
    else:
        write_directory(store.root / "hand", {"a": b"newer"})
        assert (store.root / "hand" / "a").read_bytes() == b"newer"
    assert os.listdir(store.root) == ["hand"]
