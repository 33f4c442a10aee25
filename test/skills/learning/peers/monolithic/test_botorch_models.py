# SPDX-License-Identifier: Apache-2.0
import logging
import warnings

import numpy as np
import pytest
import torch

from vi_ik_ros.skills.learning.models.gaussian_process import Standardisation
from vi_ik_ros.skills.learning.peers.monolithic.botorch_models import (
    single_task_gp,
    tensor,
    undisturbed,
)
from vi_ik_ros.skills.learning.peers.monolithic.success import MonolithicProcess


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_predictions_are_those_of_our_process(sign) -> None:
    rng = np.random.default_rng(0)
    x, new = rng.random((15, 3)), rng.random((6, 3))
    y = 3.0 + 20.0 * x[:, 0] + rng.standard_normal(15)
    ours = MonolithicProcess(x, y, Standardisation.of(y, 1e-3), None)
    with undisturbed(0):
        posterior = single_task_gp(ours, sign).posterior(tensor(new))
    mean, variance = ours.predict(new)
    np.testing.assert_allclose(posterior.mean[:, 0].numpy(), sign * mean, rtol=1e-6)
    np.testing.assert_allclose(posterior.variance[:, 0].numpy(), variance, rtol=1e-5)


def test_draws_follow_the_seed_and_leave_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    drawn = []
    for seed in (1, 1, 2):
        with undisturbed(seed):
            drawn.append(torch.rand(3))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(torch.get_rng_state(), before)


def test_warnings_stay_inside(caplog) -> None:
    with warnings.catch_warnings(record=True) as leaked, caplog.at_level(logging.WARNING):
        warnings.simplefilter("always")
        with undisturbed(0):
            warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
            logging.getLogger("linear_operator").warning("jitter")
    assert leaked == []
    assert caplog.records == []
