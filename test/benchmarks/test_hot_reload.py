# SPDX-License-Identifier: Apache-2.0
"""The parts of the benchmark that judge, on answers that are known."""

from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.benchmarks.hot_reload import first_sample, reloads
from vi_ik_ros.benchmarks.hot_reload.first_sample import affinity, cases
from vi_ik_ros.benchmarks.hot_reload.request_stream import Sent, percentile, stream
from vi_ik_ros.benchmarks.panda_position import fingertip_target
from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.nodes.sampling.served_models import serve
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

POSE = np.array([[0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0]])


class Client:
    """Answers with a solver; fails at every fifth request."""

    def __init__(self, solver) -> None:
        self.solver, self.count = solver, 0

    def sample(self, request, *, model):
        self.count += 1
        if self.count % 5 == 0:
            raise NoAnswer("it is away")
        return self.solver.solve(request)


@pytest.fixture(scope="module")
def copies(tmp_path_factory, write_tiny_model):
    """Two models of one name, each under its digest."""
    root = tmp_path_factory.mktemp("copies")
    for seed in (1, 2):
        store = root / f"seed_{seed}"
        digest = write_tiny_model(store, reloads.MODEL, seed=seed)
        store.rename(root / digest)
    return root


@pytest.fixture(scope="module")
def sent(copies):
    digests = [path.name for path in sorted(copies.iterdir())]
    store = ModelStore(copies / digests[0], shipped=copies / "none")
    client = Client(serve(store.load(reloads.MODEL)).solver)

    def request(index):
        return SampleRequest(targets=POSE, num_samples=3, seed=index + 1)

    return stream(client, request, lambda count: count < 10, model="x", rate=500.0), digests


def test_stream_keeps_its_rate_and_tells_failures(sent):
    requests, _ = sent
    assert [one.request.seed for one in requests] == list(range(1, 11))
    assert [one.error for one in requests].count("it is away") == 2
    begin = requests[0].finished - requests[0].latency
    due = [one.finished - one.latency - begin for one in requests]
    assert due == pytest.approx([index / 500.0 for index in range(10)], abs=1e-6)
    assert all(one.latency > 0.0 for one in requests)


def test_answers_of_another_model_than_they_name_are_counted(sent, copies):
    requests, digests = sent
    assert reloads.num_different(requests, copies) == 0
    answer = replace(requests[0].answer, model_digest=digests[1])
    torn = [replace(requests[0], answer=answer), *requests[1:]]
    assert reloads.num_different(torn, copies) == 1
    rows = {row.metric: row.value for row in reloads._rows(torn, digests, copies, [True])}
    assert rows["failed"] == 2
    assert rows["not what the model of their digest draws"] == 1
    assert rows["of an older model than the answer before"] == 1
    unknown = [replace(requests[0], answer=replace(answer, model_digest="nobody's"))]
    rows = {row.metric: row.value for row in reloads._rows(unknown, digests, copies, [])}
    assert rows["not what the model of their digest draws"] == 1


def test_percentile_has_an_error():
    rng = np.random.default_rng(0)
    latencies = rng.exponential(0.002, 5000)
    drawn = [Sent(SampleRequest(), one, 0.0, None) for one in latencies]
    value, error = percentile(drawn, 99)
    assert value == pytest.approx(2.0 * np.log(100.0), rel=0.1)
    assert 0.0 < error < 0.1 * value


def test_every_case_loads_and_one_of_them_leaves_its_point_open():
    found = cases(1.0)
    assert [bool(case.document["context"]) for case in found] == [True, False, False, False, False]
    assert len({case.model for case in found}) == len(found)
    target = found[0].target(np.array([0.3, -0.2, 0.6]))
    assert target.std == 0.005 and target.objectives.context_entries == ()
    assert np.allclose(target.point, [0.3, -0.2, 0.6])


def test_a_model_equal_to_its_target_has_affinity_one(monkeypatch):
    target = fingertip_target()
    robot = target.objectives.robot
    model = GaussianMixture(
        np.zeros(1),
        robot.ready[None],
        0.05 * np.eye(7)[None],
        lower=robot.lower,
        upper=robot.upper,
    )
    monkeypatch.setattr(first_sample, "NUM_DRAWS", 2000)
    monkeypatch.setattr(
        type(target),
        "log_density",
        lambda self, q: model.log_prob(q[None], np.zeros((1, 0)))[0],
    )
    monkeypatch.setattr(type(target), "weights", lambda self, n, rng: _One())
    found = affinity(target, model, np.empty(0), np.random.default_rng(0), 1)
    assert found.value == pytest.approx(1.0, abs=1e-6)


class _One:
    """Weights of a target that is normalised."""

    @property
    def log_normalizer(self):
        from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate

        return Estimate(0.0)
