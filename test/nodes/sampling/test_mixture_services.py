# SPDX-License-Identifier: Apache-2.0
"""A sampler node whose models are mixtures without a context."""

import numpy as np
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.models.mixture_algebra import overlap_graph
from vi_ik_ros.sampling.store.document import describe_robot
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.srv import Connectivity, IntersectModels, SampleConfigurations

LIMITS = {"name": "limits", "transform": {"type": "configuration"}, "density": {"std": 0.05}}
NO_CONTEXT = np.empty((1, 0))


@pytest.fixture
def store(tmp_path):
    robot = RobotModel.load("planar2")
    limits = {"lower": robot.lower, "upper": robot.upper}
    places = {"near": [[0.8, 0.2], [1.5, -0.5]], "left": [[1.0, 0.0], [2.5, 2.0]]}
    bend = {
        "direction": np.eye(2)[:, None],
        "curvature": np.array([[[[0, 0], [0, 1]]], [[[1, 0], [0, 0]]]]),
    }
    objectives = {"robot": "planar2", "objectives": [LIMITS], "context": []}
    document = {"robot": describe_robot(robot), "objectives": objectives}
    for name, loc in places.items():
        parts = (np.zeros(2), np.array(loc), np.tile(0.3 * np.eye(2), (2, 1, 1)))
        ModelStore(tmp_path).write(tmp_path / name, GaussianMixture(*parts, **limits), document)
    banana = BananaMixture(*parts, **bend, **limits)
    ModelStore(tmp_path).write(tmp_path / "bent", banana, document)
    return ModelStore(tmp_path)


@pytest.fixture
def session(start, store):
    return start(model_store=str(store.root), default_model="near")


@pytest.fixture
def ask(session):
    """Call one of the two services with the fields of its request."""

    def call(kind, service, **fields):
        client = session.user.create_client(kind, f"{session.name}/{service}")
        assert client.wait_for_service(30.0)
        return session.call(client, kind.Request(**fields))

    return call


@pytest.mark.parametrize("name", ["", "bent"])
def test_a_mixture_without_context_answers_as_one_target(session, store, name):
    answer = session.sample(model=name, num_samples=20, seed=4)
    assert (answer.error_code, answer.error_msg) == (0, "")
    assert list(answer.counts) == [20]
    q = np.array(answer.positions).reshape(20, 2)
    model = store.load(name or "near").model
    np.testing.assert_allclose(answer.log_prob, model.log_prob(q[None], NO_CONTEXT)[0])
    assert ((q >= model.lower) & (q <= model.upper)).all()


def test_a_mixture_without_context_warms_up_without_refining(session):
    assert session.node._service.warm_up() == "serving near"
    refined = session.sample(num_samples=1, refine=True)
    assert refined.error_code == SampleConfigurations.Response.INVALID_REQUEST
    assert "places no tip" in refined.error_msg


def test_the_product_of_two_models_is_served(session, store, ask):
    published = session.published_models()
    fields = {"first": "near", "second": "left", "name": "both"}
    answer = ask(IntersectModels, "intersect", **fields)
    assert (answer.error_code, answer.error_msg) == (0, "")
    assert answer.shared_objectives == ["limits"]
    assert "count twice" in answer.remarks[0]
    assert session.models()["both"].digest == answer.model_digest
    session.until(lambda: "both" in published)
    drawn = session.sample(model="both", num_samples=10, seed=1)
    assert drawn.model_digest == answer.model_digest
    q = np.array(drawn.positions).reshape(1, 10, 2)
    summed = sum(store.load(n).model.log_prob(q, NO_CONTEXT)[0] for n in ("near", "left"))
    np.testing.assert_allclose(drawn.log_prob, summed - answer.log_mass, atol=1e-3)

    again = ask(IntersectModels, "intersect", **fields)
    assert again.error_code == IntersectModels.Response.INVALID_REQUEST
    assert "replace" in again.error_msg
    replaced = ask(IntersectModels, "intersect", **fields, replace=True, max_components=1)
    assert (replaced.error_code, replaced.num_components) == (0, 1)
    drawn = session.sample(model="both", num_samples=1)
    assert drawn.model_digest == replaced.model_digest != answer.model_digest


def test_connectivity_is_the_overlap_graph(store, ask):
    answer = ask(Connectivity, "connectivity", model="near", threshold=0.05)
    expected = overlap_graph(store.load("near").model)
    assert answer.error_code == 0
    assert list(answer.groups) == [0, 0]
    assert list(answer.edges) == [0, 1]
    np.testing.assert_allclose(answer.weights, [0.5, 0.5])
    np.testing.assert_allclose(answer.group_weights, [1.0])
    np.testing.assert_allclose(answer.similarity, expected.similarity[0, 1])
    np.testing.assert_allclose(answer.log_overlap, expected.log_overlap.ravel())
    default = ask(Connectivity, "connectivity", threshold=0.9)
    assert default.model_digest == answer.model_digest
    assert sorted(default.groups) == [0, 1]
    assert list(default.edges) == []


def test_what_has_no_closed_form_is_refused_with_a_reason(ask):
    codes, bad = Connectivity.Response, []
    bad.append((ask(Connectivity, "connectivity", model="bent"), codes.INVALID_REQUEST, "banana"))
    bad.append((ask(Connectivity, "connectivity", model="neer"), codes.UNKNOWN_MODEL, "near"))
    bad.append((ask(Connectivity, "connectivity", threshold=2.0), codes.INVALID_REQUEST, "2.0"))
    for fields, code, part in (
        ({"first": "near", "second": "bent", "name": "x"}, codes.INVALID_REQUEST, "closed form"),
        ({"first": "near", "second": "panda_pose", "name": "x"}, codes.INVALID_REQUEST, "joints"),
        ({"first": "near", "second": "left", "name": "../x"}, codes.INVALID_REQUEST, "../x"),
        ({"first": "", "second": "left", "name": "x"}, codes.UNKNOWN_MODEL, "model"),
    ):
        bad.append((ask(IntersectModels, "intersect", **fields), code, part))
    for answer, code, part in bad:
        assert answer.error_code == code, answer.error_msg
        assert part in answer.error_msg
        assert "\n" not in answer.error_msg


def test_error_codes_agree_with_those_of_the_other_services():
    sample = SampleConfigurations.Response
    for other in (IntersectModels.Response, Connectivity.Response):
        for name in ("NONE", "UNKNOWN_MODEL", "INVALID_REQUEST", "MODEL_REFUSED", "INTERNAL"):
            assert getattr(other, name) == getattr(sample, name)
