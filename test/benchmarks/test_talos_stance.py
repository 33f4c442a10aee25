# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pinocchio as pin
import pytest
import torch

from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.benchmarks.talos_stance import costs as stance_costs
from vi_ik_ros.benchmarks.talos_stance import talos_stance
from vi_ik_ros.benchmarks.talos_stance.stance import Stance
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def stance():
    return Stance()


def around_ready(stance, num_components=2, std=0.02):
    robot = stance.objectives.robot
    loc = np.tile(robot.ready, (num_components, 1))
    scale = np.tile(std * np.eye(robot.nq), (num_components, 1, 1))
    weights = np.zeros(num_components)
    return GaussianMixture(weights, loc, scale, lower=robot.lower, upper=robot.upper)


def test_errors_agree_with_pinocchio(stance):
    robot = stance.objectives.robot
    rng = np.random.default_rng(0)
    q = robot.ready + 0.2 * rng.normal(size=(20, robot.nq))
    errors = stance.errors(q)
    targets = {
        "left_sole_link": [-0.02, 0.09, 0.0],
        "right_sole_link": [-0.02, -0.09, 0.0],
        "gripper_left_base_link": [0.1, 0.5, 1.0],
    }
    model, data = robot.pinocchio_model, robot.pinocchio_model.createData()
    for row, q_pin in enumerate(robot.to_pinocchio(q)):
        pin.framesForwardKinematics(model, data, q_pin)
        at = [data.oMf[model.getFrameId(name)].translation for name in targets]
        expected = np.linalg.norm(np.array(at) - list(targets.values()), axis=1)
        np.testing.assert_allclose([*errors.feet[row], errors.gripper[row]], expected, atol=1e-9)
        middle = 0.5 * (at[0] + at[1])
        offset = (pin.centerOfMass(model, data, q_pin) - middle)[:2]
        assert errors.margin[row] == pytest.approx(0.14 - abs(offset).max())
    assert 0 < errors.balanced.sum() < 20


def test_newton_steps_reach_feet_and_gripper(stance):
    q, _ = around_ready(stance).draw(10, np.random.default_rng(0))
    before, after = stance.errors(q), stance.errors(stance.projected(q, 6))
    assert before.feet.max() > 0.05
    assert after.feet.max() < 1e-6 and after.gripper.max() < 1e-6


def test_uniform_draws_of_the_free_arm_have_all_its_spread(stance):
    robot = stance.objectives.robot
    names = [robot.joint_names[i] for i in stance.free_arm]
    assert names == [f"arm_right_{i}_joint" for i in range(1, 8)]
    q = np.random.default_rng(0).uniform(robot.lower, robot.upper, (20_000, robot.nq))
    assert stance.least_spread(q) == pytest.approx(1.0, abs=0.02)
    q[:, stance.free_arm[3]] *= 0.5
    assert stance.least_spread(q) == pytest.approx(0.5, abs=0.02)


def test_a_figure_that_is_required_has_its_bound_beside_it():
    most = "largest distance of a foot after 3 Newton steps [mm]"
    rows = [talos_stance._required(Row("ours", m, 1.0)) for m in (talos_stance.STANDS, most, "x")]
    assert [row.reference for row in rows] == [90.0, 1.0, None]
    sources = [row.reference_source for row in rows]
    assert sources == ["required at least", "required at most", None]


def test_every_case_has_its_rows(stance, monkeypatch):
    def fit(stance, num_components, seconds, seed):
        assert (num_components, seconds) == (talos_stance.QUICK_COMPONENTS, 0.05)
        model = around_ready(stance, num_components)
        start = GaussianComponents(*(torch.from_numpy(t) for t in model.tensors().values()))
        return talos_stance.Fit(model, start, 100, 3, 1.0, 0.9)

    monkeypatch.setattr(talos_stance, "fit", fit)
    monkeypatch.setattr(talos_stance, "QUICK_DRAWS", 200)
    monkeypatch.setattr(talos_stance, "NUM_LEAPFROG", 2)
    monkeypatch.setattr(talos_stance, "NUM_CHAINS", 4)
    monkeypatch.setattr(talos_stance, "NUM_GROUPS", 10)
    monkeypatch.setattr(stance_costs, "MEASURED", 2)
    monkeypatch.setattr(
        talos_stance, "memory_row", lambda k: Row(f"cost K={k}", "memory", 1.0)
    )  # a process of its own takes seconds
    report = talos_stance.run(quick=True, budget=0.05, seeds=2)
    assert report.bench == "talos-stance" and report.seeds == [0, 1]
    rows = {(row.case, row.metric): row for row in report.rows}
    assert len(rows) == len(report.rows)
    assert [case for case, metric in rows if metric == talos_stance.SPREAD] == [
        "mixture K=4, seed 0",
        "mixture K=4, seed 1",
        "HMC, 0.05 s",
        "target, by longer HMC",
    ]
    assert all(np.isfinite(row.value) for row in report.rows)
    assert rows["mixture K=4, seed 0", talos_stance.STANDS].stderr is not None


@pytest.mark.slow
def test_memory_is_that_of_a_process_of_its_own():
    assert 100.0 < stance_costs.memory_row(2).value < 4000.0
