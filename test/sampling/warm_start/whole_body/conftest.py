# SPDX-License-Identifier: Apache-2.0
"""The humanoid Talos, on both feet with its left hand at a pose."""

import numpy as np
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.whole_body.body import Balance, FrameTask, WholeBody

FEET, HAND = ("left_sole_link", "right_sole_link"), "gripper_left_base_link"
SIDES = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
SUPPORT = Balance(SIDES, np.array([0.09, 0.09, 0.13, 0.13]), FEET)


@pytest.fixture(scope="session")
def talos() -> RobotModel:
    return RobotModel.load("talos")


@pytest.fixture(scope="session")
def standing(talos: RobotModel) -> WholeBody:
    return WholeBody.build(talos, [FrameTask(name) for name in (*FEET, HAND)], SUPPORT)


@pytest.fixture(scope="session")
def starts(talos: RobotModel) -> np.ndarray:
    """Configurations (40, 34) with the base where it stands and joints anywhere."""
    q = np.random.default_rng(5).uniform(talos.lower, talos.upper, (40, talos.nq))
    q[:, :6] = talos.ready[:6]
    return q


@pytest.fixture(scope="session")
def targets(talos: RobotModel, standing: WholeBody) -> np.ndarray:
    """Poses (3, 4, 4) of feet and hand that some posture near the ready one has."""
    near = talos.ready + 0.2 * np.random.default_rng(6).standard_normal(talos.nq)
    near[:6] = talos.ready[:6]
    frames = [talos.forward(talos.ready, name) for name in FEET]
    return np.stack([*frames, talos.forward(talos.ready, HAND) @ _shift(near)])


def _shift(noise: np.ndarray) -> np.ndarray:
    T = np.eye(4)
    T[:3, 3] = 0.1 * np.sin(noise[6:9])
    return T
