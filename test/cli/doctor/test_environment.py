# SPDX-License-Identifier: Apache-2.0
import sys
from types import ModuleType, SimpleNamespace

import pytest

from vi_ik_ros.cli.doctor import environment
from vi_ik_ros.cli.doctor.environment import machine_findings, ros_findings
from vi_ik_ros.cli.doctor.finding import State

RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"


@pytest.fixture
def found(monkeypatch):
    """Look again with variables set or, if None, not set; by name."""

    def call(**variables):
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return {one.name: one for one in (*machine_findings(), *ros_findings())}

    return call


@pytest.fixture
def no_child(monkeypatch):
    """Leave out the second that the question for the middleware takes."""
    monkeypatch.setattr(environment, "in_child", lambda code: "rmw_none")


@pytest.mark.ros
@pytest.mark.parametrize(
    ("name", "value", "state", "words"),
    [
        ("ROS_DOMAIN_ID", None, State.OK, "0 (not set)"),
        ("ROS_DOMAIN_ID", "42", State.OK, "42"),
        ("ROS_DOMAIN_ID", "233", State.FAILED, "233"),
        ("ROS_DOMAIN_ID", "one", State.FAILED, "one"),
        (RANGE, None, State.OK, "SUBNET (not set)"),
        (RANGE, "LOCALHOST", State.OK, "LOCALHOST"),
        (RANGE, "EVERYWHERE", State.WARNING, "EVERYWHERE"),
        ("ROS_DISTRO", "jazzy", State.OK, "jazzy"),
        ("OMP_NUM_THREADS", "3", State.OK, "3"),
        ("OMP_NUM_THREADS", None, State.OK, "not set"),
    ],
)
def test_variables_are_shown_and_wrong_ones_have_a_remedy(
    no_child, found, name, value, state, words
):
    finding = found(**{name: value})[name]
    assert (finding.state, finding.detail) == (state, words)
    assert bool(finding.remedy) == (state is not State.OK)


@pytest.mark.ros
def test_middleware_that_is_not_there_ends_a_child_and_not_us(found):
    finding = found(RMW_IMPLEMENTATION="rmw_no_such")["middleware"]
    assert finding.state is State.FAILED
    assert finding.detail.startswith("rmw_no_such (") and "\n" not in finding.detail


@pytest.mark.ros
def test_middleware_and_interfaces_are_those_that_are_loaded(found):
    findings = found()
    assert findings["middleware"].detail.startswith("rmw_")
    for kind in ("msg", "srv", "action"):
        assert findings[f"vi_ik_ros.{kind}"].state is State.OK
        assert int(findings[f"vi_ik_ros.{kind}"].detail.split()[0]) >= 2


def test_without_ros_the_middleware_and_the_interfaces_fail_in_a_line_each(found, monkeypatch):
    monkeypatch.setattr(environment, "MIDDLEWARE", "import sys; sys.exit('no such middleware')")
    for name in ("vi_ik_ros.msg", "vi_ik_ros.srv", "vi_ik_ros.action"):
        monkeypatch.setitem(sys.modules, name, None)
    findings = found()
    for name in ("middleware", "vi_ik_ros.msg", "vi_ik_ros.srv", "vi_ik_ros.action"):
        assert findings[name].state is State.FAILED
        assert findings[name].remedy and "\n" not in findings[name].detail


class _Uncompiled(type):
    _TYPE_SUPPORT = None

    @classmethod
    def __import_type_support__(cls):
        """Load nothing."""


def test_interfaces_without_compiled_code_are_named(no_child, found, monkeypatch):
    msg = ModuleType("vi_ik_ros.msg")
    msg.Episode = _Uncompiled("Episode", (), {})
    monkeypatch.setitem(sys.modules, "vi_ik_ros.msg", msg)
    monkeypatch.setitem(sys.modules, "vi_ik_ros.srv", ModuleType("vi_ik_ros.srv"))
    findings = found()
    assert findings["vi_ik_ros.msg"].detail == "no compiled code for Episode"
    assert findings["vi_ik_ros.srv"].detail == "empty"


def test_threads_are_those_of_torch(no_child, found, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(get_num_threads=lambda: 7))
    assert found()["torch threads"].detail == "7"
    monkeypatch.setitem(sys.modules, "torch", None)
    assert found()["torch threads"].state is State.WARNING
