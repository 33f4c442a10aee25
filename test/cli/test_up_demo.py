# SPDX-License-Identifier: Apache-2.0
"""The commands that run nodes, as a user runs them."""

import json
import os
import signal
import subprocess
import sys

import pytest
from matplotlib.image import imread

TIMEOUT = 90.0  # [s]
VI_IK = [sys.executable, "-m", "vi_ik_ros.cli.main"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory, write_tiny_model):
    home = tmp_path_factory.mktemp("data")
    write_tiny_model(home / "vi_ik_ros" / "models", "panda_pose", seed=1)
    return {**os.environ, "XDG_DATA_HOME": str(home)}


@pytest.mark.slow
def test_up_starts_the_node_and_ends_it_on_interrupt(environment, tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("/**/sampler:\n  ros__parameters:\n    default_model: panda_pose\n")
    words = [*VI_IK, "up", "--nodes", "sampler", "--params", str(params), "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(words, env=environment, **pipes)
    seen = []
    for line in process.stderr:
        seen.append(line)
        if "serving panda_pose" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, "".join(seen) + err
    assert json.loads(out)["exit_codes"] == {"sampler": 0}
    assert "Traceback" not in "".join(seen) + err


@pytest.mark.slow
def test_up_tells_when_a_node_ends_by_itself(environment, tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("/**/sampler:\n  ros__parameters:\n    threads: -1\n")
    words = [*VI_IK, "up", "--nodes", "sampler,trainer", "--params", str(params), "--json"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 1
    ended = json.loads(done.stdout)
    assert ended == {"exit_codes": {"sampler": 2, "trainer": 0}, "ended_first": ["sampler"]}
    assert "threads: got -1" in done.stderr


@pytest.mark.slow
def test_demo_asks_a_real_node_and_draws_the_picture(environment, tmp_path):
    picture = tmp_path / "demo.png"
    words = [*VI_IK, "demo", "--json", "--out", str(picture)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert [row["reachable"] for row in data["targets"]] == [True] * 5 + [False]
    for row in data["targets"]:
        assert row["as expected"]
        assert (row["converged and distinct"] > 0) == row["reachable"]
    assert imread(picture).shape[:2] == (1000, 1600)
