# SPDX-License-Identifier: Apache-2.0
from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.families import FAMILIES
from vi_ik_ros.sampling.models.model import ConditionalModel, Samples
from vi_ik_ros.sampling.store.document import describe_robot
from vi_ik_ros.sampling.store.model_store import ModelStore


class Affine(ConditionalModel):
    """The least model that has weights: loc = matrix @ context, unit variance."""

    family = "affine"
    num_components = 1

    def __init__(self, matrix):
        self.matrix = matrix
        self.num_dims, self.context_size = matrix.shape

    def sample(self, contexts, num_samples, rngs):
        noise = np.stack([rng.standard_normal((num_samples, self.num_dims)) for rng in rngs])
        q = (contexts @ self.matrix.T)[:, None] + noise
        shape = q.shape[:2]
        return Samples(q, self.log_prob(q, contexts), np.zeros(shape, np.uint32))

    def log_prob(self, q, contexts):
        residual = q - (contexts @ self.matrix.T)[:, None]
        return -0.5 * (residual**2).sum(-1) - 0.5 * self.num_dims * np.log(2 * np.pi)

    def options(self):
        return {"shape": list(self.matrix.shape)}

    def tensors(self):
        return {"matrix": self.matrix}

    @classmethod
    def from_tensors(cls, options: Mapping, tensors: Mapping):
        if "matrix" not in tensors:
            raise InvalidInput("tensor matrix", "nothing", f"shape {options['shape']}")
        if list(tensors["matrix"].shape) != options["shape"]:
            raise InvalidInput("tensor matrix", tensors["matrix"].shape, f"{options['shape']}")
        return cls(tensors["matrix"])


@pytest.fixture(autouse=True)
def affine_family(monkeypatch):
    monkeypatch.setitem(FAMILIES, "affine", Affine)


@pytest.fixture
def make_model():
    def make(fill=1.0, rows=2, dtype=np.float32):
        return Affine(np.full((rows, 3), fill, dtype=dtype))

    return make


@pytest.fixture
def robot():
    return SimpleNamespace(
        name="arm",
        spec="arm",
        root="base",
        tip="tip",
        digest="0" * 64,
        joint_names=("a", "b"),
        lower=np.array([-1.0, -2.0]),
        upper=np.array([1.0, 2.0]),
    )


@pytest.fixture
def document(robot):
    entry = {
        "name": "hand",
        "kind": "position",
        "size": 3,
        "frame": "base",
        "unit": "m",
        "range": [[-1.0, -1.0, 0.0], [1.0, 1.0, 1.0]],
        "objective": "hand",
        "field": "mean",
    }
    return {"robot": describe_robot(robot), "context": [entry], "scores": {"elbo": -1.25}}


@pytest.fixture
def store(tmp_path):
    return ModelStore(tmp_path / "mine", tmp_path / "shipped")
