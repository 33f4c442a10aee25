# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from vi_ik_ros.cli.main import main
from vi_ik_ros.kinematics.robot_model import RobotModel

pytest.importorskip("viser")  # an optional extra of the package

from vi_ik_ros.benchmarks.page import page
from vi_ik_ros.benchmarks.page.browser import NoBrowser, find_browser
from vi_ik_ros.benchmarks.report import Row


def test_without_chromium_it_says_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(NoBrowser):
        find_browser()
    assert main(["bench", "page"]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if "Chromium" in line]
    assert lines == ["vi-ik bench: no Chromium on this machine: apt install chromium"]


def test_robots_move_within_their_limits():
    robot = RobotModel.load("panda")
    q, later = page._posture(robot, 1.0), page._posture(robot, 1.1)
    assert q.shape == (page.NUM_ROBOTS, robot.nq)
    assert robot.within_limits(q).all() and robot.within_limits(later).all()
    assert np.abs(later - q).max() > 1e-3


def test_a_time_is_required_at_most_and_a_rate_at_least():
    rows = [page._beside(Row("x", f"figure [{unit}]", 1.0), 3.0) for unit in ("s", "1/s")]
    assert [row.reference_source for row in rows] == ["required at most", "required at least"]
    assert page._beside(Row("x", "figure [s]", 1.0), None).reference is None


@pytest.mark.browser
@pytest.mark.slow
def test_json_contract_in_a_real_browser(capsys):
    try:
        find_browser()
    except NoBrowser as error:
        pytest.skip(str(error))
    assert main(["bench", "page", "--quick", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    figures = {row["metric"]: row["value"] for row in data["rows"]}
    assert 0.0 < figures["first contentful paint [s]"]
    assert 0.0 < figures["updates acknowledged [1/s]"]
    assert 0.0 < figures["frames drawn [1/s]"]
