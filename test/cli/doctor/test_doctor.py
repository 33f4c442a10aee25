# SPDX-License-Identifier: Apache-2.0
import json
import sys
from types import SimpleNamespace

import pytest

from vi_ik_ros.cli.commands import doctor
from vi_ik_ros.cli.doctor import packages
from vi_ik_ros.cli.doctor.finding import Finding, State
from vi_ik_ros.cli.doctor.report import findings_data, findings_table, is_well
from vi_ik_ros.cli.main import main
from vi_ik_ros.cli.output import emit

WELL = Finding("packages", "numpy", State.OK, "2.0")
LACK = Finding("packages", "av", State.MISSING, "not installed", "no films: pip install av")
BROKEN = Finding("models", "torn", State.WARNING, "torn [weights]", "no samples: train it")
FAILED = Finding("self-test", "sampling", State.FAILED, "OSError: no library")


@pytest.fixture
def little(monkeypatch):
    """Leave only one package to look at, and not the seconds of torch."""
    quick = (packages.Package("json", ("json",), "nothing", "none"),)
    monkeypatch.setattr(packages, "PACKAGES", quick)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(get_num_threads=lambda: 1))


def test_only_what_is_required_decides():
    assert is_well([WELL, LACK, BROKEN]) and not is_well([WELL, FAILED])
    assert findings_data([WELL, FAILED])["ok"] is False


def test_table_is_plain_where_there_is_no_terminal(capsys):
    emit(False, {}, findings_table([WELL, LACK, BROKEN, FAILED]))
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "something required fails: 1 ok, 1 missing, 1 warning, 1 FAILED" in text
    for words in ("-> no films: pip install av", "torn [weights]", "OSError: no library"):
        assert words in text


def test_json_has_every_finding_and_nothing_else_on_standard_output(capsys, little):
    code = main(["doctor", "--quick", "--json"])
    written = capsys.readouterr()
    data = json.loads(written.out)
    assert code == (doctor.OK if data["ok"] else doctor.FAILED)
    sections = {one["section"] for one in data["findings"]}
    assert {"packages", "machine", "ROS 2", "models", "robots", "directories"} == sections
    assert {"name", "state", "detail", "remedy"} < set(data["findings"][0])
    assert "importing packages" in written.err


def test_required_package_that_is_broken_is_exit_code_1(capsys, little, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "torn_package.py").write_text(
        "print('hello')\nraise ImportError('libx.so.1: cannot open')"
    )
    broken = packages.Package("torn_package", ("torn",), "no models", "pip install torn")
    monkeypatch.setattr(packages, "PACKAGES", (broken,))
    assert main(["doctor", "--quick", "--json"]) == doctor.FAILED
    written = capsys.readouterr()
    (found,) = [one for one in json.loads(written.out)["findings"] if one["state"] == "FAILED"]
    assert found["detail"] == "cannot be imported (ImportError: libx.so.1: cannot open)"
    assert "hello" in written.err
