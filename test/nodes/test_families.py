# SPDX-License-Identifier: Apache-2.0
"""Every family with a context, really trained for a moment, served by a running sampler node."""

import numpy as np
import pytest
import torch

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.msg import Obstacle
from vi_ik_ros.nodes.sampling.conversions import pose_to_msg
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training import scores
from vi_ik_ros.sampling.training.fit import FitSettings, fit
from vi_ik_ros.srv import SampleConfigurations

Answer = SampleConfigurations.Response
TARGETS = [pose_to_msg(np.array([x, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0])) for x in (0.45, 0.3)]
FAR = pose_to_msg(np.array([2.0, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0]))
TABLE = Obstacle(type="half_space", point=[0.0, 0.0, 0.0], normal=[0.0, 0.0, 1.0])

SMALL = {"width": 32, "num_blocks": 1, "batch_size": 128, "time_limit": 0.2}
FITS = {
    "amortized": SMALL | {"num_components": 4},
    "em": {"num_components": 4, "time_limit": 0.2},
    "moe": {"num_components": 4, "batch_size": 128, "time_limit": 0.2},
    "inn": SMALL,
    "inn_source": SMALL | {"loss": "source"},
    "cvae": SMALL,
    "kd_tree": {"num_components": 2_000},
}
WITH_DENSITY = ("amortized", "em", "moe", "inn")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("families")
    path = share_dir() / "config" / "objectives" / "panda_position.yaml"
    objectives = load_objectives(path, dtype=torch.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "NUM_CONTEXTS", 40)  # how good they are matters to nobody here
        for name, told in FITS.items():
            family = name.removesuffix("_source")
            fit(objectives, root / name, family=family, settings=FitSettings(**told))
    return root


@pytest.fixture(scope="module")
def session(store, make_session):
    made = make_session(model_store=str(store), default_model="em")
    yield made
    made.close()


@pytest.fixture(params=FITS)
def name(request):
    return request.param


def rows_of(answer) -> np.ndarray:
    return np.array(answer.positions).reshape(-1, len(answer.joint_names))


def test_the_listing_says_what_each_model_is(session, name):
    info = session.models()[name]
    assert info.refusal == ""
    assert info.family == name.removesuffix("_source")
    assert (info.num_dims, info.context_size) == (7, 3)
    assert info.num_components == (4 if name in ("amortized", "em", "moe") else 1)
    has_density = "elbo" in info.score_names
    assert has_density == (name in WITH_DENSITY)


def test_raw_rows_have_the_density_of_their_model_or_none(session, robot, name):
    answer = session.sample(model=name, targets=TARGETS, num_samples=20, seed=1)
    assert (answer.error_code, list(answer.counts)) == (Answer.NONE, [20, 20])
    assert robot.within_limits(rows_of(answer)).all()
    density = np.array(answer.log_prob)
    assert (np.isfinite(density) if name in WITH_DENSITY else np.isnan(density)).all()
    np.testing.assert_array_equal(density, answer.seed_log_prob)
    assert 0.0 <= answer.redraw_rate < 1.0


def test_refined_rows_meet_their_targets(session, robot, name):
    answer = session.sample(
        model=name, targets=TARGETS, num_samples=4, seed=1, refine=True, distinct_tolerance=0.2
    )
    assert answer.error_code == Answer.NONE
    assert all(answer.converged)
    assert list(answer.counts) == [4, 4]
    place = robot.forward(rows_of(answer))[:, :3, 3].reshape(2, 4, 3)
    wanted = [[t.position.x, t.position.y, t.position.z] for t in TARGETS]
    assert np.linalg.norm(place - np.array(wanted)[:, None], axis=2).max() < 1e-4
    from_model = np.array(answer.source) == Answer.MODEL
    assert np.isfinite(answer.log_prob).any() == (name in WITH_DENSITY and from_model.any())


def test_rows_keep_off_obstacles(session, name):
    answer = session.sample(
        model=name, targets=TARGETS[:1], num_samples=6, seed=1, refine=True, obstacles=[TABLE]
    )
    assert answer.error_code == Answer.NONE
    assert answer.checked[0] >= answer.survived[0] > 0
    assert np.isfinite(answer.log_weight).all()


def test_a_target_out_of_reach_is_flagged_with_its_distance(session, name):
    told = {"model": name, "targets": [TARGETS[0], FAR], "num_samples": 3, "seed": 1}
    for refine in (False, True):
        answer = session.sample(refine=refine, **told)
        assert list(answer.out_of_distribution) == [False, True]
        near, far = answer.context_distance
        assert near < answer.context_distance_limit < far
        assert "trained on" in answer.target_msg[1]
        assert "trained on" not in answer.target_msg[0]
    # A row of a refiner that met its target would be proved; here none can be.
    assert answer.target_status[1] == Answer.UNREACHABLE


def test_a_lower_temperature_draws_closer_rows(session, name):
    told = {"model": name, "targets": TARGETS[:1], "num_samples": 200, "seed": 1}
    cold = session.sample(temperature=0.05, **told)
    if name == "kd_tree":
        assert cold.error_code == Answer.INVALID_REQUEST
        assert "temperature: got 0.05" in cold.error_msg
        assert "kd_tree" in cold.error_msg
        return
    warm, trained = session.sample(temperature=1.0, **told), session.sample(**told)
    assert cold.error_code == Answer.NONE
    np.testing.assert_array_equal(warm.positions, trained.positions)

    def spread(answer) -> float:
        """Return the mean std within the components, which alone a temperature changes."""
        rows, component = rows_of(answer), np.array(answer.component)
        groups = [rows[component == k] for k in np.unique(component)]
        return float(np.mean([g.std(axis=0).mean() for g in groups if len(g) > 1]))

    assert spread(cold) < 0.5 * spread(warm)
    density = np.array(cold.log_prob)
    assert (np.isfinite(density) if name in WITH_DENSITY else np.isnan(density)).all()
    if name in WITH_DENSITY:
        assert density.mean() > np.mean(warm.log_prob)


@pytest.mark.parametrize("temperature", [-1.0, 1e-4, 2.1, float("nan"), float("inf")])
def test_a_temperature_out_of_range_is_refused_in_one_line(session, temperature):
    answer = session.sample(targets=TARGETS, num_samples=1, temperature=temperature)
    assert answer.error_code == Answer.INVALID_REQUEST
    assert answer.error_msg.startswith(f"temperature: got {temperature}, expected 0.001 to 2.0")
    assert not len(answer.positions)
