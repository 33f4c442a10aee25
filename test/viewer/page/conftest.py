# SPDX-License-Identifier: Apache-2.0
import pytest

pytest.importorskip("viser")  # an optional extra of the package

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
def server():
    opened = PageServer(port=0)
    yield opened
    opened.stop()
