# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes: they come up, answer, and end within 2 s of Ctrl-C without a traceback."""

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from vi_ik_ros.exceptions import NoAnswer, ViIkError
from vi_ik_ros.nodes.processes.node_process import NodeProcess, private_environment, stop
from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
from vi_ik_ros.nodes.sampling.sampler_client import Refused
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

TIMEOUT = 60.0  # [s]
POSE = np.array([[0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0]])


@pytest.mark.slow
def test_private_sampler_answers_refuses_and_ends_cleanly(store):
    sampler = PrivateSampler({"model_store": str(store), "default_model": "tiny_pose"})
    with sampler:
        assert {"tiny_pose", "tiny_position"} <= set(sampler.client.model_names())
        answer = sampler.client.sample(SampleRequest(targets=POSE, num_samples=3))
        assert answer.positions.shape == (3, 7)
        with pytest.raises(Refused, match="num_samples"):
            sampler.client.sample(SampleRequest(targets=POSE, num_samples=0))
    assert sampler.exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("firmness", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["importing rclpy", "loading", "serving"])
def test_signal_ends_the_node(store, tmp_path, firmness, moment):
    log_path = tmp_path / "log.txt"
    parameters = {"model_store": str(store), "default_model": "tiny_pose"}
    with log_path.open("w") as log:
        node = NodeProcess("sampler", parameters, environment=private_environment())
        process = node.start(log)
        try:
            wait_for(process, moment, log_path)
            process.send_signal(firmness)
            code = process.wait(TIMEOUT)
        finally:
            stop([process])
    assert code == 0
    assert "Traceback" not in log_path.read_text()


def wait_for(process, moment, log_path):
    """Wait until the node imports its libraries, or until it says that it serves."""
    end = time.monotonic() + TIMEOUT
    maps = Path(f"/proc/{process.pid}/maps")
    sign = {"importing rclpy": "_rclpy_pybind11", "loading": "libpinocchio"}.get(moment)
    while time.monotonic() < end:
        text = maps.read_text() if sign else log_path.read_text()
        if (sign or "serving tiny_pose") in text:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.01)
            break
    pytest.fail(f"not {moment}: {log_path.read_text()}")


@pytest.mark.slow
def test_bad_parameter_ends_the_node_with_one_line():
    node = NodeProcess("sampler", {"threads": -1}, environment=private_environment())
    done = subprocess.run(node.command(), env=node.environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert (
        done.stderr.strip()
        == "parameter threads: got -1, expected an integer of 0 or more, up to 1024"
    )


def test_node_that_does_not_come_up_is_told_with_its_last_line():
    with pytest.raises(NoAnswer, match="threads"), PrivateSampler({"threads": -1}):
        pass
    assert issubclass(NoAnswer, ViIkError)


def test_stop_is_gentle_first_and_firm_in_the_end():
    heed = "import signal, time\nsignal.signal(2, signal.default_int_handler)"
    gentle = f"{heed}\ntry: print(flush=True); time.sleep(60)\nexcept KeyboardInterrupt: pass"
    ignore = "import signal, time\nfor s in (2, 15): signal.signal(s, signal.SIG_IGN)"
    deaf = f"{ignore}\nprint(flush=True)\ntime.sleep(60)"
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        for code in (gentle, deaf)
    ]
    for process in processes:
        process.stdout.readline()  # It is ready for the signal.
    assert stop(processes, patience=0.3) == [0, -signal.SIGKILL]
    for process in processes:
        process.stdout.close()


def test_command_runs_a_node_of_the_table_with_its_parameters(tmp_path):
    node = NodeProcess(
        "sampler", {"publish_markers": False, "threads": 2}, tmp_path / "p.yaml", "/a"
    )
    words = list(node.command())
    assert words[:4] == [sys.executable, "-m", "vi_ik_ros.nodes", "sampler"]
    assert ["-p", "publish_markers:=false", "-p", "threads:=2"] == words[7:11]
    assert words[5:7] == ["--params-file", str(tmp_path / "p.yaml")]
    assert words[-1] == "__ns:=/a"
