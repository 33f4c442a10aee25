# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import PlantState, Twist
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.wrapped.jointed_plant import JointedPlant
from vi_ik_ros.skills.plants.wrapped.tared_plant import TaredPlant

T_FLANGE_TCP = pose_to_matrix(np.array([0.0, 0.0, 0.15, 0.0, 0.0, 1.0, 0.0]))


@pytest.fixture(scope="module")
def racer5() -> RobotModel:
    return RobotModel.load("racer5")


@pytest.fixture
def roomy():
    """The screw in a large workspace."""
    scene = load_scene("screw_slot")
    box = replace(scene.workspace, lower=(-1.0, -1.0, 0.0), upper=(1.0, 1.0, 2.0))
    return replace(scene, workspace=box)


def starting_at(scene, robot, q):
    T = robot.forward(np.array(q)) @ T_FLANGE_TCP
    return replace(scene, start=tuple(matrix_to_pose(T).tolist()))


def test_the_start_of_scenes_is_the_arms_usual_posture(racer5, exact_scene):
    plant = JointedPlant(AnalyticPlant(exact_scene), racer5, T_FLANGE_TCP)
    np.testing.assert_allclose(plant.reset(0).q, racer5.ready, atol=1e-9)


def test_joints_have_the_tool_where_the_plant_says(racer5, exact_scene, move):
    plant = JointedPlant(AnalyticPlant(exact_scene), racer5, T_FLANGE_TCP)
    plant.reset(0)
    for _ in range(50):
        result = plant.tick(move(x=5.0, z=2.0, ry=0.1))
        T = racer5.forward(result.q) @ T_FLANGE_TCP
        np.testing.assert_allclose(T, result.T_base_tcp, atol=1e-8)
    assert result.faults == ()


def test_crossing_a_singularity_is_a_latched_fault(racer5, roomy, move):
    q = [0.0, 0.0, -1.2, 0.0, 0.12, 0.0]
    plant = JointedPlant(AnalyticPlant(roomy), racer5, T_FLANGE_TCP)
    plant.begin = np.array(q)
    gate = SafetyGate(plant, Limits(offset=0.5, angular_offset=1.0, overshoot=1.0))
    assert gate.reset(0, starting_at(roomy, racer5, q)).faults == ()
    axis = np.cross(*racer5.forward(np.array(q))[:3, [0, 2]].T)  # turns joint 5 to zero
    turned = [gate.tick(Twist(np.zeros(3), sign * 0.2 * axis)) for sign in [1.0] * 40]
    if not turned[-1].faults:
        turned += [gate.tick(Twist(np.zeros(3), -0.2 * axis)) for _ in range(80)]
    fault = turned[-1].faults[0]
    assert (fault.kind, turned[-1].state) == (FaultKind.KINEMATICS, PlantState.FAULT)
    assert "singular" in fault.message and not fault.is_constraint
    gate.clear_fault()
    assert gate.tick(None).faults, "its cause has not gone"


def test_a_joint_at_its_limit_is_a_fault_with_the_joints_name(racer5, roomy, move):
    q = [0.0, 0.0, -2.705, 0.0, 1.0, 0.0]
    plant = JointedPlant(AnalyticPlant(roomy), racer5, T_FLANGE_TCP)
    plant.begin = np.array(q)
    assert plant.reset(0, starting_at(roomy, racer5, q)).faults == ()
    J = racer5.jacobian(np.array(q)) @ [0.0, 0.0, -0.1, 0.0, 0.0, 0.0]
    for _ in range(100):
        lever = np.cross(J[3:], (plant.tick(None).T_base_tcp - racer5.forward(np.array(q)))[:3, 3])
        result = plant.tick(Twist(J[:3] + lever, J[3:]))
        if result.faults:
            break
    assert "joint_3" in result.faults[0].message and "limits -2.71" in result.faults[0].message
    at = result.T_base_tcp
    for _ in range(5):
        result = plant.tick(move(x=50.0))
    assert np.abs(result.T_base_tcp - at).max() < 2e-3, "it goes on only by its lag"


def test_a_zero_is_taken_away_before_the_gate_looks(exact_scene):
    tared = TaredPlant(AnalyticPlant(exact_scene))
    tared.bias = np.array([0.0, 0.0, 40.0, 0.0, 0.0, 0.0])
    gate = SafetyGate(tared, Limits())
    gate.reset(0)
    result = gate.tick(None)
    np.testing.assert_allclose(result.wrenches[:, 2], -40.0)
    assert result.faults[0].kind is FaultKind.HARD_FORCE
