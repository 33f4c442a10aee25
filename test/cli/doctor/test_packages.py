# SPDX-License-Identifier: Apache-2.0
import sys
from dataclasses import replace

import pytest

from vi_ik_ros.cli.doctor.finding import State
from vi_ik_ros.cli.doctor.packages import PACKAGES, Package, look_at


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a module and return the package that it is."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(text, required=False):
        (tmp_path / "made_up.py").write_text(text)
        sys.modules.pop("made_up", None)
        return Package("made_up", ("made-up",), "no films", "pip install made-up", required)

    return make


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise ImportError('libx.so.1: cannot open\\nshared object file')",
         "ImportError: libx.so.1: cannot open shared object file"),
        ("import made_up_core", "ModuleNotFoundError: No module named 'made_up_core'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1 / 0", "ZeroDivisionError"),
        ("a b", "SyntaxError"),
        ("raise ValueError('x' * 1000)", "xxx..."),
    ],
)  # fmt: skip
def test_broken_module_becomes_one_line(package, text, words):
    for required, state in ((False, State.WARNING), (True, State.FAILED)):
        finding = look_at(package(text, required))
        assert finding.state is state
        assert words in finding.detail and "\n" not in finding.detail
        assert len(finding.detail) < 300
        assert finding.remedy == "no films until it is installed anew: pip install made-up"


def test_module_that_ends_its_process_is_tried_in_a_child(package, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    text = "import os\nos.write(2, b'identifier is wrong')\nos._exit(102)"
    finding = look_at(replace(package(text), is_risky=True))
    assert finding.detail == "cannot be imported (identifier is wrong)"
    silent = look_at(replace(package("import os\nos._exit(102)"), is_risky=True))
    assert silent.detail == "cannot be imported (ended with exit code 102)"
    assert look_at(replace(package("__version__ = '2'"), is_risky=True)).detail == "2"


@pytest.mark.parametrize(("required", "state"), [(True, State.FAILED), (False, State.MISSING)])
def test_missing_package_says_what_it_costs(required, state):
    finding = look_at(Package("no_such", ("no-such",), "no films", "pip install x", required))
    assert finding.state is state
    assert (finding.detail, finding.remedy) == ("not installed", "no films: pip install x")


def test_version_is_that_of_the_installer_or_of_the_module(package):
    assert look_at(package("__version__ = '7.1'")).detail == "7.1"
    assert look_at(package("")).detail == "version not known"
    assert look_at(Package("pytest", ("no-such", "pytest"), "", "")).detail == pytest.__version__


def test_every_package_says_what_it_costs_and_how_it_comes():
    assert all(package.cost and package.install and package.names for package in PACKAGES)
    assert len({package.module for package in PACKAGES}) == len(PACKAGES)
