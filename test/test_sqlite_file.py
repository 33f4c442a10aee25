# SPDX-License-Identifier: Apache-2.0
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sqlite_file import SqliteFile, is_empty, transaction

PHOTOS = SqliteFile(
    field="album",
    application_id=0x414C4231,
    schema_version=2,
    tables=("CREATE TABLE photo (id INTEGER PRIMARY KEY)", "CREATE TABLE tag (name TEXT)"),
    patience=0.01,
    whole="a whole album",
    writable="a place that can be written",
    unshared="an album of its own",
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "album.sqlite"


def test_empty_file_gets_all_tables_and_the_header_at_once(path):
    path.touch()
    with closing(PHOTOS.open_to_read(path)) as connection:
        assert is_empty(connection)
    with closing(PHOTOS.open_to_write(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (2,)
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("PRAGMA application_id").fetchone() == (0x414C4231,)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert not is_empty(connection)


def test_table_that_cannot_be_made_leaves_the_file_empty(path):
    wrong = replace(PHOTOS, tables=(*PHOTOS.tables, "CREATE TABLE photo (again)"))
    with pytest.raises(InvalidInput, match="album: got .*a whole album .*already exists"):
        wrong.open_to_write(path)
    with closing(sqlite3.connect(path)) as connection:
        assert is_empty(connection)


def test_older_schema_is_read_and_a_newer_one_refused(path):
    PHOTOS.open_to_write(path).close()
    replace(PHOTOS, schema_version=3).open_to_read(path).close()
    with pytest.raises(InvalidInput, match="schema version 1; a newer vi_ik_ros wrote version 2"):
        replace(PHOTOS, schema_version=1).open_to_write(path)


def test_file_of_another_kind_is_refused(path):
    replace(PHOTOS, application_id=7).open_to_write(path).close()
    with pytest.raises(InvalidInput, match="another program's"):
        PHOTOS.open_to_read(path)


def test_transaction_is_all_or_nothing(path):
    with closing(PHOTOS.open_to_write(path)) as connection:
        with transaction(connection):
            connection.execute("INSERT INTO photo VALUES (1)")
        with pytest.raises(KeyboardInterrupt), transaction(connection):
            connection.execute("INSERT INTO photo VALUES (2)")
            raise KeyboardInterrupt
        assert connection.execute("SELECT id FROM photo").fetchall() == [(1,)]


def test_reader_writes_nothing(path):
    PHOTOS.open_to_write(path).close()
    with closing(PHOTOS.open_to_read(path)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("INSERT INTO photo VALUES (1)")


def test_lock_is_held_until_its_handle_is_closed_and_no_child_inherits_it(path):
    lock = path.with_name("made") / "album.lock"
    handle = PHOTOS.take(lock, path)
    assert not os.get_inheritable(handle)
    words = [sys.executable, "-c", f"import os; os.fstat({handle})"]
    child = subprocess.run(words, close_fds=False, capture_output=True, text=True)
    assert "Bad file descriptor" in child.stderr
    with pytest.raises(InvalidInput, match="an album of its own"):
        PHOTOS.take(lock, path)
    os.close(handle)
    os.close(PHOTOS.take(lock, path))


def test_lock_in_a_place_that_cannot_be_written_is_refused(path):
    path.touch()
    with pytest.raises(InvalidInput, match="a place that can be written"):
        PHOTOS.take(path / "below" / "album.lock", path)
