# SPDX-License-Identifier: Apache-2.0
import shutil

import pytest

pytest.importorskip("viser")  # an optional extra of the package

from vi_ik_ros.sampling.store.curves.curve_file import CURVE_FILE, curve_bytes
from vi_ik_ros.sampling.store.curves.training_curve import CurvePoint, TrainingCurve
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.viewer.page.page_server import PageServer
from vi_ik_ros.viewer.page.sample.local_sampler import LocalSampler

WAIT = 60.0  # [s]


@pytest.fixture(scope="session")
def store(tmp_path_factory, write_tiny_model):
    """One model for poses, one for positions."""
    root = tmp_path_factory.mktemp("models")
    write_tiny_model(root, "arm", seed=1)
    write_tiny_model(root, "spot", kind="position", seed=2)
    return ModelStore(root, shipped=root / "none")


@pytest.fixture(scope="session")
def sampler(store):
    return LocalSampler(store)


@pytest.fixture
def trained(store, tmp_path):
    """The same models; `spot` has a curve of two points."""
    shutil.copytree(store.root, tmp_path / "models")
    points = (
        CurvePoint(1, 0.1, 1.0, 0.5, 4, {"ELBO": -9.0}),
        CurvePoint(30, 1.0, 60.0, 30.0, 3, {"ELBO": -1.0}),
    )
    (tmp_path / "models" / "spot" / CURVE_FILE).write_bytes(curve_bytes(TrainingCurve(points)))
    return LocalSampler(ModelStore(tmp_path / "models", shipped=tmp_path / "none"))


@pytest.fixture
def server():
    opened = PageServer(port=0)
    yield opened
    opened.stop()
