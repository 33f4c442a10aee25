# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.figures.start_postures import StartPostures, save_start_postures

PIXELS = (60, 60)


@pytest.fixture(scope="module")
def shown() -> StartPostures:
    robot = RobotModel.load("racer5")
    q = robot.ready + [[0.0] * 6, [0.0, 0.0, 0.0, np.pi, -np.pi, np.pi]]
    shares = {"poses": np.array([1.0, 0.2]), "episodes": np.array([0.9, 0.0])}
    notes = ["good", "bad"]
    return StartPostures(robot, robot.forward(q[0]), q, shares, notes, 0, 1, "title", "subtitle")


def test_the_page_holds_two_arms_and_the_bars(shown, tmp_path):
    save_start_postures(tmp_path / "page.png", shown, PIXELS)
    pixels = imread(tmp_path / "page.png")[..., :3]
    assert pixels.shape[1] > 2 * pixels.shape[0]
    third = pixels.shape[1] // 3
    for part in (pixels[:, :third], pixels[:, third : 2 * third], pixels[:, 2 * third :]):
        below = part[part.shape[0] // 3 :]
        assert np.ptp(below) > 0.5


def test_shares_are_what_bars_show(shown, tmp_path):
    nothing = {name: np.zeros(2) for name in shown.shares}
    save_start_postures(tmp_path / "some.png", shown, PIXELS)
    save_start_postures(tmp_path / "none.png", replace(shown, shares=nothing), PIXELS)
    some, none = (imread(tmp_path / name)[..., :3] for name in ("some.png", "none.png"))
    changed = np.abs(some - none).max(axis=2) > 0.1
    columns = np.flatnonzero(changed.any(axis=0)) / some.shape[1]
    assert columns.min() > 0.6, "only the bars differ"
