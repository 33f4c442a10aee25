# SPDX-License-Identifier: Apache-2.0
import numpy as np

from vi_ik_ros.sampling.models.linear_experts.options import ExpertsOptions
from vi_ik_ros.sampling.models.mixture_of_experts import MixtureOfExperts


def test_a_mixture_of_experts_answers_the_same_after_the_disk(store, document, robot):
    options = ExpertsOptions(
        (("position", 3),), tuple(robot.lower), tuple(robot.upper), 0.9, num_components=3
    )
    rng = np.random.default_rng(0)
    shapes = options.tensor_shapes().items()
    tensors = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes}
    built = MixtureOfExperts(options, tensors)
    store.write(store.root / "hand", built, document)
    loaded = store.load("hand", robot).model
    assert isinstance(loaded, MixtureOfExperts)
    contexts = np.array([[0.1, 0.2, 0.3]])
    ours, theirs = (m.sample(contexts, 20, [np.random.default_rng(1)]) for m in (built, loaded))
    assert np.array_equal(ours.q, theirs.q)
    assert np.array_equal(ours.log_prob, theirs.log_prob)
