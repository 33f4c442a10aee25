# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from vi_ik_ros.benchmarks.skill_learning.runs import workers
from vi_ik_ros.benchmarks.skill_learning.runs.learn import learn
from vi_ik_ros.benchmarks.skill_learning.runs.run_key import RunKey

KEYS = [RunKey("surrogate", "sobol", seed, num_episodes=6) for seed in (0, 1)]


@pytest.fixture
def cluster():
    """A Ray cluster of this machine alone, with one processor; its address."""
    pytest.importorskip("ray")
    directory = tempfile.mkdtemp(prefix="vi_ik_ray_", dir="/tmp")  # paths of sockets are short
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block"]
    words += ["--num-cpus", "1", "--port", str(port), "--node-ip-address", "127.0.0.1"]
    words += ["--include-dashboard", "false", "--disable-usage-stats"]
    words += ["--object-store-memory", "100000000", "--temp-dir", f"{directory}/ray"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    head = subprocess.Popen(words, env=dict(os.environ), **pipes)
    try:
        for line in head.stdout:
            if "--block" in line:  # it has started, and tells that it stays
                break
        yield f"127.0.0.1:{port}"
    finally:
        head.terminate()
        head.communicate(timeout=60)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.slow
def test_a_cluster_makes_the_same_runs(cluster, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(workers.CLUSTER, cluster)
    found = workers.learn_all(KEYS)
    for key in KEYS:
        alone = learn(key)
        for name in ("x", "success", "chosen", "repeated_costs"):
            np.testing.assert_array_equal(getattr(found[key], name), getattr(alone, name))


def test_runs_are_asked_of_the_cluster_that_the_environment_names(monkeypatch, tmp_path):
    asked = []

    def on_cluster(keys, address):
        asked.append(address)
        return ((key, learn(key)) for key in keys)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(workers.CLUSTER, "head:6379")
    monkeypatch.setattr(workers, "_on_cluster", on_cluster)
    assert list(workers.learn_all(KEYS)) == KEYS
    assert list(workers.learn_all(KEYS)) == KEYS  # these were made before
    assert asked == ["head:6379"]
