# SPDX-License-Identifier: Apache-2.0
"""`vi-ik record` and `vi-ik play` as a user runs them, with a sampler of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest

from vi_ik_ros.cli import main as cli

VI_IK = [sys.executable, "-m", "vi_ik_ros.cli.main"]
TIMEOUT = 90.0  # [s]
POSE = np.array([[0.4, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0]])


def run(capsys, *words):
    code = cli.main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["record", "/nowhere/a.mcap"], ("FILE.mcap", "/nowhere/a.mcap", "directory")),
        (["record", "a.bag"], ("FILE.mcap", "a.bag", ".mcap")),
        (["record", "a.mcap", "--duration", "-1"], ("--duration", "-1", "[s]")),
        (["record", "a.mcap", "--topics", "wrench"], ("--topics", "wrench", "whole names")),
        (["record", "a.mcap", "--sampler", "no name"], ("sampler", "no name", "full name")),
        (["play", "/nowhere.mcap"], ("FILE.mcap", "/nowhere.mcap", "exists")),
        (["play", __file__, "--rate", "-1"], ("--rate", "-1")),
        (["play", __file__, "--loop", "-1"], ("--loop", "-1")),
        (["play", __file__, "--timeout", "0"], ("--timeout", "0")),
        (["play", __file__], ("test_record_play.py", "an MCAP file")),
    ],
    ids=" ".join,
)
def test_bad_input_gets_one_line(capsys, tmp_path, monkeypatch, words, expected):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    for part in expected:
        assert part in err
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_not_replaced(capsys, tmp_path):
    path = tmp_path / "a.mcap"
    path.write_bytes(b"precious")
    code, _, err = run(capsys, "record", path)
    assert code == 2
    assert "not there yet" in err
    assert path.read_bytes() == b"precious"


@pytest.fixture(scope="module")
def sampler(tmp_path_factory, write_tiny_model):
    """A sampler node and a client in the domain of the tests."""
    from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler

    home = tmp_path_factory.mktemp("data")
    write_tiny_model(home / "vi_ik_ros" / "models", "panda_pose", seed=1)
    before = dict(os.environ)
    os.environ["XDG_DATA_HOME"] = str(home)
    with PrivateSampler({}) as node:
        yield node
    os.environ.clear()
    os.environ.update(before)


class Recording:
    """`vi-ik record` as a process, from its first words on."""

    def __init__(self, path, sampler, *words) -> None:
        command = [*VI_IK, "record", str(path), "--sampler", sampler.full_name, "--json", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes)
        self.seen = self.process.stderr.readline()

    def end(self, number):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=TIMEOUT)
        return out, self.seen + err


def ask(sampler, seeds):
    from vi_ik_ros.sampling.warm_start.solver import SampleRequest

    for seed in seeds:
        sampler.client.sample(SampleRequest(targets=POSE, num_samples=3, seed=seed, refine=True))


@pytest.fixture
def play(capsys):
    """Run `vi-ik play` here; return its code, its object and its errors."""

    def call(path, sampler, *words):
        name = ["--sampler", sampler.full_name] if sampler else ["--private"]
        code, out, err = run(capsys, "play", path, *name, "--rate", "0", "--json", *words)
        return code, json.loads(out), err

    return call


@pytest.mark.slow
def test_recorded_requests_get_the_same_answers_again(sampler, play, tmp_path):
    path = tmp_path / "a.mcap"
    recording = Recording(path, sampler)
    assert "Ctrl-C ends it" in recording.seen
    ask(sampler, [3, 4, 5, 0])
    out, err = recording.end(signal.SIGINT)
    assert recording.process.returncode == 0, err
    data = json.loads(out)
    assert (data["requests"], data["answers"]) == (4, 4)
    code, counts, err = play(path, sampler, "--loop", "2")
    assert code == 0, err
    assert (counts["requests"], counts["equal"], counts["fresh_seed"]) == (8, 6, 2)
    code, counts, err = play(path, None)  # Another process with the same model: the same bits.
    assert (code, counts["equal"]) == (0, 3), err


@pytest.mark.slow
def test_a_killed_recorder_leaves_what_came_before(sampler, play, tmp_path):
    path = tmp_path / "a.mcap"
    recording = Recording(path, sampler)
    ask(sampler, [3, 4])
    end = time.monotonic() + TIMEOUT
    while path.stat().st_size < 1000:  # It is written twice a second.
        assert time.monotonic() < end, "nothing was written"
        with suppress(subprocess.TimeoutExpired):
            recording.process.wait(0.1)
    out, err = recording.end(signal.SIGKILL)
    code, counts, err = play(path, sampler)
    assert code == 0, err
    assert "is not whole" in err
    assert counts["equal"] >= 1


@pytest.mark.slow
def test_answers_of_another_model_are_told(sampler, tmp_path, write_tiny_model):
    path = tmp_path / "a.mcap"
    recording = Recording(path, sampler)
    ask(sampler, [3])
    recording.end(signal.SIGTERM)
    write_tiny_model(tmp_path / "vi_ik_ros" / "models", "panda_pose", seed=2)
    name = [*VI_IK, "play", str(path), "--private", "--rate", "0", "--json"]
    home = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(name, capture_output=True, text=True, timeout=TIMEOUT, env=home)
    assert done.returncode == 1
    assert json.loads(done.stdout)["other_model"] == 1
    assert done.stderr.count("\n") == 1
    assert "digest" in done.stderr
