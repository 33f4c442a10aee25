# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput, ModelRefused
from vi_ik_ros.sampling.models.kd_tree import KdTree, KdTreeOptions

ENTRIES = {"pose": (("pose", 7),), "position": (("position", 3),), "vector": (("vector", 2),)}


def random_contexts(kind: str, count: int, rng: np.random.Generator) -> np.ndarray:
    width = ENTRIES[kind][0][1]
    rows = rng.uniform(-1.0, 1.0, (count, width))
    if kind == "pose":
        rows[:, 3:] = rng.normal(size=(count, 4))
        rows[:, 3:] /= np.linalg.norm(rows[:, 3:], axis=1, keepdims=True)
    return rows


def make(kind: str = "position", num_rows: int = 200) -> KdTree:
    rng = np.random.default_rng(0)
    contexts = random_contexts(kind, num_rows, rng).astype(np.float16)
    q = rng.uniform(-3.0, 3.0, (num_rows, 4)).astype(np.float16)
    options = KdTreeOptions(ENTRIES[kind], (-3.0,) * 4, (3.0,) * 4, num_rows)
    return KdTree.from_tensors(options.__dict__, {"q": q, "contexts": contexts})


def ask(model: KdTree, contexts: np.ndarray, count: int) -> np.ndarray:
    return model.sample(contexts, count, [np.random.default_rng(i) for i in range(len(contexts))]).q


@pytest.mark.parametrize("kind", ["position", "vector"])
def test_the_rows_of_the_nearest_contexts_come_first(kind):
    model, contexts = make(kind), random_contexts(kind, 5, np.random.default_rng(1))
    stored = model.tensors()
    gap = np.linalg.norm(stored["contexts"].astype(float) - contexts[:, None], axis=2)
    nearest = np.argsort(gap, axis=1)[:, :7]
    assert np.array_equal(ask(model, contexts, 7), stored["q"][nearest])


def test_a_stored_pose_is_its_own_nearest():
    model = make("pose")
    contexts = model.tensors()["contexts"].astype(float)
    assert np.array_equal(ask(model, contexts, 1)[:, 0], model.tensors()["q"])


def test_a_turn_counts_as_a_quaternion_of_weight_0_6():
    q = np.array([[0.0], [1.0]], np.float16)
    half = 0.1  # half the angle [rad]
    turned = [0.0, 0.0, 0.0, np.sin(half), 0.0, 0.0, np.cos(half)]
    for shift, nearest in ((0.04, 1.0), (0.09, 0.0)):  # 0.6 * 2 sin(0.05) = 0.06
        contexts = np.array([turned, [shift, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]], np.float16)
        options = KdTreeOptions((("pose", 7),), (-2.0,), (2.0,), 2)
        model = KdTree(options, {"q": q, "contexts": contexts})
        assert ask(model, np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]]), 1)[0, 0] == nearest


def test_a_quaternion_and_its_negative_find_the_same():
    model, contexts = make("pose"), random_contexts("pose", 6, np.random.default_rng(2))
    flipped = contexts * np.array([1, 1, 1, -1, -1, -1, -1])
    assert np.array_equal(ask(model, contexts, 9), ask(model, flipped, 9))


def test_a_batch_equals_single_calls_and_no_seed_matters():
    model, contexts = make("pose"), random_contexts("pose", 4, np.random.default_rng(3))
    single = [ask(model, contexts[i : i + 1], 5)[0] for i in range(4)]
    assert np.array_equal(ask(model, contexts, 5), np.stack(single))


def test_rows_are_distinct_until_there_are_no_more():
    model, context = make(num_rows=20), np.zeros((1, 3))
    rows = ask(model, context, 50)[0]
    assert len(np.unique(rows[:20], axis=0)) == 20
    assert np.array_equal(rows[20:40], rows[:20])


def test_rounded_rows_stay_inside_the_limits():
    limit = 2.8977
    q, contexts = np.full((1, 1), limit, np.float16), np.zeros((1, 3), np.float16)
    assert float(q[0, 0]) > limit
    options = KdTreeOptions(ENTRIES["position"], (-limit,), (limit,), 1)
    assert ask(KdTree(options, {"q": q, "contexts": contexts}), np.zeros((1, 3)), 1)[0, 0] == limit


def test_there_is_no_density():
    model = make()
    assert not model.has_log_prob and model.num_components == 1
    samples = model.sample(np.zeros((1, 3)), 3, [np.random.default_rng(0)])
    assert np.isnan(samples.log_prob).all() and not samples.component.any()
    with pytest.raises(ModelRefused, match="kd_tree"):
        model.log_prob(samples.q, np.zeros((1, 3)))


def test_a_damaged_database_is_refused():
    good = make()
    tensors = good.tensors()
    with pytest.raises(InvalidInput, match="tensor contexts"):
        KdTree.from_tensors(good.options(), {"q": tensors["q"]})
    with pytest.raises(InvalidInput, match="tensor q"):
        KdTree.from_tensors(good.options(), tensors | {"q": tensors["q"][:-1]})
    with pytest.raises(InvalidInput, match="num_rows"):
        KdTree.from_tensors(good.options() | {"num_rows": 0}, tensors)
    with pytest.raises(InvalidInput, match="options"):
        KdTree.from_tensors({"rows": 3}, tensors)
