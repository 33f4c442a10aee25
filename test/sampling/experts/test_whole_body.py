# SPDX-License-Identifier: Apache-2.0
"""config/objectives/talos_reach_across.yaml: each part does what the file says."""

import numpy as np
import pytest
import torch

from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives


@pytest.fixture(scope="module")
def objectives():
    return load_objectives(share_dir() / "config" / "objectives" / "talos_reach_across.yaml")


@pytest.fixture(scope="module")
def log_density(objectives):
    """Return the log density (N,) of one objective at configurations (N, 34)."""
    product = objectives.product

    def of(name, q):
        with torch.no_grad():
            return product.expert(name).log_density(product.state(torch.from_numpy(q))).numpy()

    return of


def waving(robot, joints, count, seed=0):
    """Return the ready posture with some joints drawn from their limits, (count, 34)."""
    q = np.tile(robot.ready, (count, 1))
    columns = [i for i, name in enumerate(robot.joint_names) if name.startswith(joints)]
    rng = np.random.default_rng(seed)
    q[:, columns] = rng.uniform(robot.lower[columns], robot.upper[columns], (count, len(columns)))
    return q


def test_the_half_sitting_posture_keeps_clear_and_balance(objectives, log_density):
    ready = objectives.robot.ready[None]
    assert not objectives.product.expert("left_gripper").density.mean.isnan().any()  # no context
    assert log_density("balance", ready) > -1e-3
    assert log_density("clearance", ready) > -2.0  # upper arms are 4 mm from the chest's shape
    assert log_density("wrists", ready) > -1e-3
    assert log_density("left_gripper", ready) < -100.0  # the arm hangs


def test_a_hand_in_the_trunk_has_low_density(objectives, log_density):
    robot = objectives.robot
    q = waving(robot, "arm_right", 4000)
    hand = robot.forward(q, "gripper_right_base_link")[:, :3, 3]
    T_world_torso = robot.forward(robot.ready, "torso_2_link")
    inside = np.abs(hand - T_world_torso[:3, 3] - [-0.06, 0.0, 0.2]) < [0.1, 0.15, 0.15]
    inside = inside.all(1)
    assert inside.sum() > 10
    assert log_density("clearance", q[inside]).max() < -20.0


@pytest.mark.parametrize("joints", ["arm_left", "arm_right"])
def test_shapes_of_the_arms_agree_with_their_meshes(objectives, log_density, joints):
    robot = objectives.robot
    q = waving(robot, joints, 200)
    collides = SelfCollision(robot).in_collision(q)
    assert 0.05 < collides.mean() < 0.95
    value = log_density("clearance", q) + log_density("wrists", q)
    near = value < -3.0
    assert near[collides].mean() > 0.8  # what the meshes call a collision, the shapes notice
    assert near[~collides].mean() < 0.25


def test_leaning_forward_loses_balance(objectives, log_density):
    q = np.tile(objectives.robot.ready, (2, 1))
    q[:, 4] = [0.05, 0.3]  # [rad], the whole robot about its left-right axis, with its feet
    upright, leaning = log_density("balance", q)
    assert upright > -0.1 and leaning < -20.0


def test_feet_are_wanted_flat_on_the_ground(objectives, log_density):
    q = np.tile(objectives.robot.ready, (3, 1))
    q[1, 2] += 0.05  # [m], up
    q[2, 3] += 0.3  # [rad], rolled
    for foot in ("left_foot", "right_foot"):
        standing, lifted, rolled = log_density(foot, q)
        assert standing > lifted + 10.0 and standing > rolled + 3.0
