# SPDX-License-Identifier: Apache-2.0
import numpy as np
import torch

from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture


def test_an_amortized_model_answers_the_same_after_the_disk(store, document, robot):
    options = AmortizedOptions(
        entries=(("position", 3),),
        lower=tuple(robot.lower),
        upper=tuple(robot.upper),
        symmetry=AxisSymmetry(),
        num_components=3,
        width=8,
        num_blocks=1,
        num_waves=4,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = AmortizedNetwork(options)
    built = AmortizedMixture(options, network.tensors())
    store.write(store.root / "hand", built, document)
    loaded = store.load("hand", robot).model
    contexts = np.array([[0.1, 0.2, 0.3]])
    ours, theirs = (m.sample(contexts, 20, [np.random.default_rng(1)]) for m in (built, loaded))
    assert np.array_equal(ours.q, theirs.q)
    assert np.array_equal(ours.log_prob, theirs.log_prob)
