# SPDX-License-Identifier: Apache-2.0
"""A database of configurations, served like any other model."""

import numpy as np
import pytest
import torch

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.nodes.sampling.conversions import pose_to_msg
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.fit import FitSettings, fit
from vi_ik_ros.srv import SampleConfigurations

Answer = SampleConfigurations.Response
POSE = pose_to_msg(np.array([0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0]))


@pytest.fixture
def session(start, tmp_path):
    path = share_dir() / "config" / "objectives" / "panda_pose.yaml"
    objectives = load_objectives(path, dtype=torch.float32)
    settings = FitSettings(num_components=5_000)
    fit(objectives, tmp_path / "rows", family="kd_tree", settings=settings)
    return start(model_store=str(tmp_path), default_model="rows")


def test_rows_of_a_database_are_served_without_a_density(session):
    assert session.models()["rows"].family == "kd_tree"
    raw = session.sample(targets=[POSE], num_samples=20, seed=1)
    assert raw.error_code == Answer.NONE and list(raw.counts) == [20]
    assert np.isnan(raw.log_prob).all() and not any(raw.component)
    assert np.median(raw.position_error) < 0.3  # [m]; the reach is 0.85
    refined = session.sample(
        targets=[POSE], num_samples=20, seed=1, refine=True, distinct_tolerance=0.2
    )
    assert refined.error_code == Answer.NONE and all(refined.converged)
    assert list(refined.counts) == [20]  # more than the first look-up brings: it looks farther
    assert np.isnan(refined.log_prob).all()
