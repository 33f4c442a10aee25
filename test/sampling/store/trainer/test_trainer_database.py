# SPDX-License-Identifier: Apache-2.0
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.store.trainer import trainer_database
from vi_ik_ros.sampling.store.trainer.demonstration_store import DemonstrationStore
from vi_ik_ros.sampling.store.trainer.trainer_database import (
    DATABASE_FILE,
    TrainerDatabase,
    read_rows,
)
from vi_ik_ros.sqlite_file import SqliteFile

INSERT = "INSERT INTO job (model, document) VALUES (?, ?)"
MODELS = "SELECT model FROM job ORDER BY id"
ROOT = Path(__file__).parents[3]

RECORDER = """
import sys
from pathlib import Path
from vi_ik_ros.sampling.store.trainer.demonstration_store import DemonstrationStore, Verdict
from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase

store = DemonstrationStore(TrainerDatabase(Path(sys.argv[1])))
while True:
    number = store.count
    assert store.record(number, ["a", "b"], [number, 0.5 * number]).verdict is Verdict.RECORDED
    print(number, flush=True)
"""


def put(database, model):
    with database.transaction() as connection:
        connection.execute(INSERT, (model, "{}"))


def models(database):
    return [model for (model,) in database.read(MODELS)]


def refusal(directory):
    """The one line that says why a directory is refused; it stays usable for a better file."""
    with pytest.raises(InvalidInput) as caught:
        TrainerDatabase(directory)
    line = str(caught.value)
    assert line.startswith("work_directory: got ") and "\n" not in line
    return line


def test_what_was_committed_is_there_in_the_next_life(tmp_path):
    directory = tmp_path / "made" / "on the way"
    database = TrainerDatabase(directory)
    put(database, "hand")
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute(INSERT, ("half", "{}"))
        raise ZeroDivisionError
    put(database, "arm")
    database.close()
    assert sorted(os.listdir(directory)) == ["trainer.lock", "trainer.sqlite"]
    database = TrainerDatabase(directory)
    assert models(database) == ["hand", "arm"]
    database.close()


def test_every_commit_waits_for_the_disk(tmp_path):
    database = TrainerDatabase(tmp_path)
    assert database.read("PRAGMA journal_mode") == [("wal",)]
    assert database.read("PRAGMA synchronous") == [(2,)]  # FULL
    assert database.read("PRAGMA user_version") == [(trainer_database.SCHEMA_VERSION,)]


def test_a_second_trainer_is_refused_until_the_first_has_ended(tmp_path):
    first = TrainerDatabase(tmp_path)
    put(first, "hand")
    assert "another trainer" in refusal(tmp_path)
    assert read_rows(tmp_path / DATABASE_FILE, MODELS) == [("hand",)]  # a reader is welcome
    worker = subprocess.Popen(["sleep", "60"])  # may outlive the trainer
    try:
        first.close()
        second = TrainerDatabase(tmp_path)
        first.close()  # again: takes nothing from the second
        assert "another trainer" in refusal(tmp_path)
        second.close()
    finally:
        worker.kill()
        worker.wait(10)


def test_another_thread_is_refused(tmp_path):
    database, errors = TrainerDatabase(tmp_path), []

    def use():
        try:
            put(database, "hand")
        except InvalidInput as error:
            errors.append(str(error))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join(10)
    assert len(errors) == 1 and "thread" in errors[0]
    assert models(database) == []


def foreign_database(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photo (id)")


def newer_database(path):
    TrainerDatabase(path.parent).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # now, not whenever it is read


def torn_database(path):
    database = TrainerDatabase(path.parent)
    put(database, "x" * 100_000)
    database.close()
    path.write_bytes(path.read_bytes()[:8192])


def scribbled_database(path):
    database = TrainerDatabase(path.parent)
    put(database, "x" * 100_000)
    database.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_text("demonstrations, by hand\n" * 99), "not a database"),
        (foreign_database, "another program's"),
        (newer_database, "schema version 1; a newer vi_ik_ros wrote version 2"),
        (torn_database, "a whole trainer.sqlite"),
        (scribbled_database, "a whole trainer.sqlite"),
        (lambda path: path.mkdir(), "unable to open"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path, make, reason):
    path = tmp_path / DATABASE_FILE
    make(path)
    before = path.read_bytes() if path.is_file() else None
    assert reason in refusal(tmp_path) and reason in refusal(tmp_path)  # not "another trainer"
    assert before is None or path.read_bytes() == before
    with pytest.raises(InvalidInput, match="work_directory"):
        read_rows(path, MODELS)


def test_a_directory_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    assert "can be written" in refusal(tmp_path / "file")
    assert "can be written" in refusal(tmp_path / "file" / "below")


def test_a_reader_makes_no_file(tmp_path):
    path = tmp_path / DATABASE_FILE
    for reason in ("unable to open", "empty"):
        with pytest.raises(InvalidInput, match=reason):
            read_rows(path, MODELS)
        path.touch()
    assert path.stat().st_size == 0


def test_a_full_disk_is_an_error_that_names_it_and_undoes_nothing_else(tmp_path):
    database = TrainerDatabase(tmp_path)
    put(database, "hand")
    database.read("PRAGMA max_page_count = 8")
    with pytest.raises(InvalidInput, match=r"work_directory: .*full"):
        put(database, "x" * 100_000)
    assert models(database) == ["hand"]
    database.read("PRAGMA max_page_count = 1000")
    put(database, "arm")
    assert models(database) == ["hand", "arm"]


def die_while_making(directory, step):
    setattr(SqliteFile, step, lambda *args: os._exit(9))
    TrainerDatabase(directory)


@pytest.mark.parametrize("step", ["open_to_write", "_check", "_create_tables"])
def test_a_kill_while_the_file_is_made_leaves_a_directory_that_can_be_used(tmp_path, step):
    maker = multiprocessing.get_context("fork").Process(
        target=die_while_making, args=(tmp_path, step)
    )
    maker.start()
    maker.join(10)
    assert maker.exitcode == 9
    database = TrainerDatabase(tmp_path)
    put(database, "hand")
    assert models(database) == ["hand"]


@pytest.mark.slow
def test_no_acknowledged_demonstration_is_lost_by_kill_9(tmp_path):
    rng = random.Random(0)
    acknowledged = 0
    for _ in range(10):
        recorder = subprocess.Popen(
            [sys.executable, "-c", RECORDER, str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert recorder.stdout.readline() == f"{acknowledged}\n"
        timer = threading.Timer(rng.uniform(0.0, 0.1), recorder.send_signal, [signal.SIGKILL])
        timer.start()
        rest = recorder.stdout.read()
        assert recorder.wait(10) == -signal.SIGKILL
        recorder.stdout.close()
        told = acknowledged + 1 + rest.count("\n")
        database = TrainerDatabase(tmp_path)
        q = DemonstrationStore(database).configurations(["b", "a"])
        database.close()
        assert told <= len(q) <= told + 1  # one may be on the disk that nobody was told of
        np.testing.assert_array_equal(q, np.arange(len(q))[:, None] * [0.5, 1.0])
        acknowledged = len(q)
    assert acknowledged > 50
