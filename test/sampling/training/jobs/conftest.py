# SPDX-License-Identifier: Apache-2.0
import copy
import time

import pytest

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.training.jobs.training_job import TrainingJob
from vi_ik_ros.sampling.training.jobs.worker_process import WorkerProcess

PATIENCE = 60.0  # [s], for a machine that has more to do


@pytest.fixture(scope="session")
def documents():
    """Shipped objectives files as plain values, by name."""

    def read(name):
        return copy.deepcopy(read_yaml(share_dir() / "config" / "objectives" / f"{name}.yaml"))

    return read


@pytest.fixture
def line_job(documents):
    """A fit without a context that takes a second; the keywords are its settings."""

    def make(**settings):
        given = {"num_components": 3, "steps": 30} | settings
        return TrainingJob("line", documents("planar2_line"), settings=given, device="cpu")

    return make


@pytest.fixture
def start():
    """Start a worker on a request; it is killed when the test ends."""
    workers = []

    def run(request):
        workers.append(WorkerProcess({"nice": 0, "resume": False, **request}))
        return workers[-1]

    yield run
    for worker in workers:
        worker.stop(0.0)


@pytest.fixture
def until():
    """Gather events until one of a name has come; return it, and all of them."""

    def gather(worker, name):
        events, end = [], time.monotonic() + PATIENCE
        while time.monotonic() < end:
            ended = worker.wait(0.01) is not None
            for event in worker.events():
                events.append(event)
                if event["event"] == name:
                    return event, events
            assert not ended, f"no {name} in {events}; {worker.stderr_tail()}"
        raise TimeoutError(f"no {name} in {events}")

    return gather


class Recorder:
    """A link without a parent."""

    stopping = False
    can_keep = False

    def __init__(self):
        self.sent = []

    def send(self, event, fields):
        self.sent.append({"event": event, **fields})


@pytest.fixture
def link():
    return Recorder()
