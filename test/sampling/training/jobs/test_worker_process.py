# SPDX-License-Identifier: Apache-2.0
"""Real workers, each a second or two of imports."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.jobs import worker_process
from vi_ik_ros.sampling.training.jobs.worker_process import WorkerProcess

slow = pytest.mark.slow


@slow
def test_a_fit_from_the_request_to_the_model(tmp_path, line_job, start, until):
    request = {"kind": "train", "job": line_job().to_plain(), "nice": 3, "threads": 1}
    worker = start(request | {"directory": str(tmp_path / "line")})
    checked, _ = until(worker, "checked")
    assert (checked["family"], checked["device"], checked["num_dims"]) == ("banana", "cpu", 2)
    assert (checked["warnings"], checked["resumed"], checked["note"]) == ([], False, "")
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) >= 3
    assert os.sched_getscheduler(worker.pid) == os.SCHED_BATCH
    environment = Path(f"/proc/{worker.pid}/environ").read_bytes()
    assert b"OMP_NUM_THREADS=1\0" in environment

    fitted, said = until(worker, "fitted")
    assert {event["event"] for event in said[:-1]} == {"progress"}
    assert [event["step"] for event in said[:-1]] == sorted(event["step"] for event in said[:-1])
    assert said[-2]["fraction"] == 1.0 and said[-2]["num_components"] == 3
    assert "ELBO" in said[-2]["figures"]
    assert len(said) < 10 * fitted["seconds"] + 4  # at most ten a second
    stored = ModelStore().load(tmp_path / "line")
    assert stored.digest == fitted["digest"]
    assert stored.document["scores"] == fitted["scores"]
    assert stored.document["objectives_digest"] == checked["objectives_digest"]
    assert worker.wait(10) == 0 and os.listdir(tmp_path) == ["line"]


@slow
def test_a_stopped_fit_keeps_a_checkpoint_and_goes_on_from_it(tmp_path, line_job, start, until):
    request = {"kind": "train", "directory": str(tmp_path / "line")}
    request["job"] = line_job(steps=2000, num_components=20).to_plain()
    worker = start(request)
    until(worker, "progress")
    assert worker.stop() == 0
    assert worker.events()[-1] == {"event": "stopped", "checkpoint": True}
    assert os.listdir(tmp_path) == ["line.partial"]

    worker = start(request | {"resume": True})
    checked, _ = until(worker, "checked")
    assert (checked["resumed"], checked["note"]) == (True, "")
    first, _ = until(worker, "progress")
    assert first["step"] > 1 and first["seconds"] > 0.0
    assert worker.stop(0.0) == -signal.SIGKILL  # at once
    assert all(event["event"] == "progress" for event in worker.events())  # nobody wonders why


PARENT = """
import json, sys, time
from vi_ik_ros.sampling.training.jobs.worker_process import WorkerProcess
worker = WorkerProcess(json.loads(sys.argv[1]))
while not any(event["event"] == "progress" for event in worker.events()):
    worker.wait(0.01)
print(worker.pid, flush=True)
worker.wait(60)
"""


@slow
def test_a_worker_ends_with_its_parent(tmp_path, line_job):
    job = line_job(steps=10**6, num_components=20).to_plain()
    request = {"kind": "train", "job": job, "directory": str(tmp_path / "line"), "resume": False}
    command = [sys.executable, "-c", PARENT, json.dumps(request | {"nice": 0})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        worker = os.pidfd_open(int(parent.stdout.readline()))
        assert not has_ended(worker, 0.0)
        parent.kill()
    assert has_ended(worker, 10.0)
    os.close(worker)


def has_ended(process, timeout):
    """Whether a process, as a file descriptor, ends within a time [s]."""
    return bool(select.select([process], [], [], timeout)[0])


@slow
def test_a_worker_that_is_killed_is_a_refusal_with_the_reason(tmp_path, line_job, start, until):
    job = line_job(steps=10**6).to_plain()
    worker = start({"kind": "train", "job": job, "directory": str(tmp_path / "line")})
    until(worker, "progress")
    os.kill(worker.pid, signal.SIGKILL)
    refused, _ = until(worker, "refused")
    assert refused["kind"] == "internal"
    assert "ended by SIGKILL, perhaps for want of memory" in refused["message"]
    assert worker.wait(10) == worker.poll() == -signal.SIGKILL
    assert worker.stop() == -signal.SIGKILL


@slow
def test_a_refusal_is_one_line_and_exit_code_2(line_job, start, until):
    job = line_job().to_plain()
    job["document"]["objectives"][0]["transform"]["frame"] = "hnad"
    worker = start({"kind": "check", "job": job})
    refused, events = until(worker, "refused")
    assert (refused["kind"], refused["field"]) == ("objectives", "objectives[0].transform.frame")
    assert "got hnad" in refused["message"] and "tip" in refused["message"]
    assert events == [refused] and worker.wait(10) == 2 and worker.stderr_tail() == ""


@pytest.mark.parametrize(
    ("module", "words"),
    [("nothing_of_this_name", "code 1: .*No module named nothing"), ("this", "ended with code 0")],
)
def test_a_process_that_ends_without_a_last_event_is_a_refusal(monkeypatch, module, words):
    monkeypatch.setattr(worker_process, "WORKER", module)
    said = []
    worker = WorkerProcess({"kind": "check"}, log=said.append)
    assert worker.wait(10) is not None
    (refused,) = worker.events()
    assert (refused["event"], refused["kind"]) == ("refused", "internal")
    assert re.search(words, refused["message"])
    assert worker.stderr_tail() == "\n".join(said)
