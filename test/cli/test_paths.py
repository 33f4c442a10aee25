# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.cli.paths import check_place, make_directory, store_directory
from vi_ik_ros.exceptions import InvalidInput


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    return path


def test_store_is_a_directory_or_a_name_for_one(tmp_path, file, monkeypatch):
    assert store_directory(str(tmp_path)) == tmp_path
    assert store_directory(str(tmp_path / "new")) == tmp_path / "new"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store_directory("~/new") == tmp_path / "new"
    with pytest.raises(InvalidInput, match="--store: got .*file, expected a directory"):
        store_directory(str(file))


def test_directory_is_made_with_those_above_it_or_refused(tmp_path, file):
    for _ in range(2):
        make_directory("--out", tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    for place in (file, file / "below"):
        with pytest.raises(InvalidInput, match="--out: got .*, expected a directory"):
            make_directory("--out", place)


def test_place_is_tried_and_left_as_it_was(tmp_path):
    check_place("--out", tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_place_that_takes_nothing_is_refused(tmp_path, monkeypatch):
    def refuse(**options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryDirectory", refuse)
    with pytest.raises(InvalidInput, match=r"--out: got .*/a, .*written \(Permission denied\)"):
        check_place("--out", tmp_path / "a")
