# SPDX-License-Identifier: Apache-2.0
"""The page as a user opens it."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("viser")  # an optional extra of the package

from vi_ik_ros.cli.main import main
from vi_ik_ros.cli.view.ros_sampler import RosSampler
from vi_ik_ros.cli.view.ros_training import RosTraining
from vi_ik_ros.msg import TrainingStatus
from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.warm_start.solver import SampleRequest
from vi_ik_ros.viewer.page.sample.local_sampler import LocalSampler

TIMEOUT = 90.0  # [s]
VI_IK = [sys.executable, "-m", "vi_ik_ros.cli.main", "view", "--no-browser"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory, write_tiny_model):
    home = tmp_path_factory.mktemp("data")
    write_tiny_model(home / "vi_ik_ros" / "models", "arm", seed=1)
    return {**os.environ, "XDG_DATA_HOME": str(home)}


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_well(environment, end):
    words = [*VI_IK, "--model", "arm", "--port", "0", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(words, env=environment, **pipes)
    url = json.loads(process.stdout.readline())["url"]
    assert url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
        assert answer.status == 200
    process.send_signal(end)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


def refused(capsys, *words):
    assert main(["view", "--no-browser", *words]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


def test_a_taken_port_is_one_clear_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        line = refused(capsys, "--port", port)
    assert line == (
        f"vi-ik view: --port: got {port}, expected a free port; another program listens on it"
    )


def test_an_unknown_model_is_refused_with_the_names(capsys):
    assert "--model: got amr, expected one of" in refused(capsys, "--port", "0", "--model", "amr")


def test_a_place_without_episodes_is_refused(capsys, tmp_path):
    place = str(tmp_path / "nothing")
    assert place in refused(capsys, "--port", "0", "--skill", place)


def test_without_viser_it_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["view", "--no-browser", "--port", "0"]) == 1
    assert "pip install" in capsys.readouterr().err


@pytest.mark.slow
def test_a_running_node_answers_as_this_process_does(environment, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", environment["XDG_DATA_HOME"])
    store = ModelStore()
    with PrivateSampler({"default_model": "arm"}) as node:
        sampler = RosSampler(node.client, store)
        assert node.client.server in sampler.title
        assert "arm" in sampler.model_names()
        context = sampler.model("arm").context
        request = SampleRequest(context=context, num_samples=3, seed=4, refine=True)
        answer = sampler.sample("arm", request)
    expected = LocalSampler(store).sample("arm", request)
    np.testing.assert_allclose(answer.positions, expected.positions)


def test_what_a_trainer_has_not_begun_is_not_told():
    client = SimpleNamespace(server="/trainer", listen=lambda seconds: told)
    told = [TrainingStatus(model="a", state=TrainingStatus.IDLE)]
    told.append(TrainingStatus(model="b", state=TrainingStatus.TRAINING, elbo=-2.0))
    told[1].figure_names, told[1].figure_values = ["ELBO"], [-2.0]
    (status,) = RosTraining(client).listen(0.1)
    assert (status.model, status.figures) == ("b", {"ELBO": -2.0})
