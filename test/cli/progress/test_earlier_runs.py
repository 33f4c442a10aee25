# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from vi_ik_ros.cli.progress.earlier_runs import (
    MOST,
    default_path,
    earlier_seconds,
    note_seconds,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "made" / "seconds.json"


def test_last_time_is_remembered_for_each_command(path):
    assert earlier_seconds("bench a", path) is None
    note_seconds("bench a", 10.0, path)
    note_seconds("bench a --quick", 1.25, path)
    note_seconds("bench a", 20.0, path)
    assert earlier_seconds("bench a", path) == 20.0
    assert earlier_seconds("bench a --quick", path) == 1.25
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("text", ["", "[1]", '{"bench a": "soon"}', '{"bench a": NaN}', "\x00"])
def test_damaged_file_is_forgotten(path, text):
    path.parent.mkdir()
    path.write_text(text)
    assert earlier_seconds("bench a", path) is None
    note_seconds("bench a", 2.0, path)
    assert earlier_seconds("bench a", path) == 2.0


def test_place_that_cannot_be_written_is_no_error(path):
    path.parent.write_text("")
    note_seconds("bench a", 2.0, path)
    assert earlier_seconds("bench a", path) is None


def test_oldest_entries_are_forgotten(path):
    path.parent.mkdir()
    path.write_text(json.dumps({f"bench {k}": 1.0 for k in range(MOST)}))
    note_seconds("bench new", 2.0, path)
    assert earlier_seconds("bench 0", path) is None
    assert earlier_seconds("bench 1", path) == 1.0
    assert earlier_seconds("bench new", path) == 2.0


def test_default_file_is_in_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "vi_ik_ros" / "seconds.json"
