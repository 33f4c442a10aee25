# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.cli.doctor import child
from vi_ik_ros.exceptions import ViIkError


def test_what_is_printed_comes_back():
    assert child.in_child("print('rmw_x')") == "rmw_x"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os; os._exit(7)", "ended with exit code 7"),
        ("import os; os.abort()", "ended with exit code -6"),
        ("import sys; sys.exit('[ERROR] [12.5] [rcl]: no middleware [x]: y')",
         "no middleware [x]: y"),
    ],
)  # fmt: skip
def test_end_of_the_child_is_one_line(code, line):
    with pytest.raises(ViIkError) as caught:
        child.in_child(code)
    assert str(caught.value) == line


def test_child_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(child, "PATIENCE", 0.2)
    with pytest.raises(ViIkError, match="no end after"):
        child.in_child("import time; time.sleep(60)")
