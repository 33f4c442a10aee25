# SPDX-License-Identifier: Apache-2.0
"""A new model is served as soon as it is whole; a refused one leaves the old one in use."""

import json
import os
import threading

import numpy as np
import pytest

from vi_ik_ros.exceptions import ModelNotFound, ModelRefused
from vi_ik_ros.msg import ModelInfo
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.sampling.served_models import ServedModels
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

TIMEOUT = 30.0  # [s]
POSE = np.array([[0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0]])


@pytest.fixture
def root(tmp_path, write_tiny_model):
    write_tiny_model(tmp_path, "tiny", seed=1)
    return tmp_path


@pytest.fixture
def remarks():
    return []


@pytest.fixture
def models(root, remarks):
    made = ServedModels(ModelStore(root, root / "none"), remark=remarks.append)
    refreshed(made)
    return made


def refreshed(models):
    models.refresh()
    models.wait(TIMEOUT)
    return models


def test_unchanged_store_changes_nothing(models):
    served = models.get("tiny")
    assert models.take_changed() == {"tiny"}
    assert refreshed(models).take_changed() == set()
    assert models.get("tiny") is served


def test_new_weights_are_served_and_told(models, root, remarks, write_tiny_model):
    old = models.get("tiny").stored.digest
    new = write_tiny_model(root, "tiny", seed=2)
    refreshed(models)
    assert models.get("tiny").stored.digest == new != old
    assert models.listed()["tiny"].digest == new
    assert len(remarks) == 1
    assert new[:12] in remarks[0]


def test_new_name_is_listed_and_can_be_asked(models, root, write_tiny_model):
    write_tiny_model(root, "another", seed=3)
    assert set(refreshed(models).listed()) == {"tiny", "another"}
    request = SampleRequest(targets=POSE, num_samples=2, seed=1)
    assert models.get("another").solver.solve(request).positions.shape == (2, 7)


def truncate_weights(directory):
    path = directory / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    os.utime(directory / "model.json")


def make_newer(directory):
    path = directory / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 99}))


def make_foreign(directory):
    (directory / "model.json").write_text('{"made_by": "somebody"}')


def change_limits(directory):
    path = directory / "model.json"
    document = json.loads(path.read_text())
    document["robot"]["upper"][0] = 1.0
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("spoil", [truncate_weights, make_newer, make_foreign, change_limits])
def test_refused_model_leaves_the_old_one_and_one_line(models, root, remarks, spoil):
    served = models.get("tiny")
    spoil(root / "tiny")
    refreshed(models)
    assert models.get("tiny") is served
    assert models.listed()["tiny"].refusal
    assert len(remarks) == 1
    assert "still serving" in remarks[0]
    refreshed(models)
    assert len(remarks) == 1  # Not again every second.


def test_refused_model_that_nobody_serves_is_refused(root, remarks):
    make_newer(root / "tiny")
    models = refreshed(ServedModels(ModelStore(root, root / "none"), remark=remarks.append))
    with pytest.raises(ModelRefused, match="newer"):
        models.get("tiny")


def test_removed_model_is_gone(models, root):
    models.get("tiny")
    (root / "tiny").rename(root / "Away")
    assert refreshed(models).listed() == {}
    with pytest.raises(ModelNotFound):
        models.get("tiny")


@pytest.mark.parametrize("name", ["..", "/tmp", "config", "tiny/", ""])
def test_only_names_of_the_store_are_taken(models, name):
    with pytest.raises(ModelNotFound):
        models.get(name)


def test_requests_are_answered_while_a_model_is_read(models, root, monkeypatch, write_tiny_model):
    served, release = models.get("tiny"), threading.Event()
    inspect = ServedModels._inspect

    def slow(self, *arguments):
        assert release.wait(TIMEOUT)
        return inspect(self, *arguments)

    monkeypatch.setattr(ServedModels, "_inspect", slow)
    new = write_tiny_model(root, "tiny", seed=2)
    models.refresh()
    request = SampleRequest(targets=POSE, num_samples=2, seed=1)
    assert served.solver.solve(request).model_digest == models.get("tiny").stored.digest != new
    release.set()
    models.wait(TIMEOUT)
    assert models.get("tiny").stored.digest == new


def test_node_publishes_a_model_that_was_announced(start, root, write_tiny_model):
    session = start(model_store=str(root), default_model="tiny", check_period=3600.0)
    seen = {}
    session.user.create_subscription(
        ModelInfo,
        f"{session.name}/models",
        lambda info: seen.update({info.name: info}),
        latched(256),
    )
    session.until(lambda: "tiny" in seen)
    new = write_tiny_model(root, "tiny", seed=5)
    trainer = session.user.create_publisher(ModelInfo, "/trainer/models", latched())
    trainer.publish(ModelInfo(name="tiny", digest=new))
    session.until(lambda: session.models()["tiny"].digest == new)


def test_node_tells_that_a_model_was_removed(start, root, write_tiny_model):
    write_tiny_model(root, "other", seed=2)
    session = start(model_store=str(root), default_model="tiny", check_period=0.05)
    seen = {}
    session.user.create_subscription(
        ModelInfo,
        f"{session.name}/models",
        lambda info: seen.update({info.name: info}),
        latched(256),
    )
    session.until(lambda: "other" in seen)
    (root / "other").rename(root / "Away")
    session.until(lambda: seen["other"].refusal == "removed from the store")
    assert "other" not in session.models()


def test_node_looks_at_the_store_itself(start, root, write_tiny_model):
    session = start(model_store=str(root), default_model="late", check_period=0.05)
    write_tiny_model(root, "late", seed=4)
    session.until(lambda: "late" in session.models())
    assert session.models()["late"].is_default
