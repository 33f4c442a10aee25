# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from vi_ik_ros.cli.main import BAD_INPUT, main
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.store.model_store import ModelStore

LINE = str(share_dir() / "config" / "objectives" / "planar2_line.yaml")
SWEEP = {
    "objectives": {
        "robot": "planar2",
        "objectives": [
            {
                "name": "posture",  # half outside of the joint limits: hard for long fits
                "transform": {"type": "configuration"},
                "density": {"type": "normal", "mean": [0.0, 3.3], "std": 0.05},
            }
        ],
    },
    "model": "posture",
    "algorithm": "grid",
    "max_concurrent": 1,
    "search": {"family": "gaussian", "num_components": 1, "steps": [1, 2, 200]},
}


@pytest.fixture
def refused(tmp_path: Path, capsys):
    """Run a sweep of keys and options that is refused, and return the line that says why."""

    def call(*options: str, **keys: object) -> str:
        values = {"objectives": LINE, "model": "m", "num_trials": 2, "search": {}, **keys}
        path = tmp_path / "sweep.yaml"
        path.write_text(yaml.safe_dump(values))
        words = ["sweep", str(path), "--store", str(tmp_path / "store"), *options]
        assert main(words) == BAD_INPUT
        written = capsys.readouterr()
        assert written.out == "" and written.err.count("\n") == 1
        assert not (tmp_path / "store").exists()
        return written.err

    return call


@pytest.mark.parametrize("missing", ["ray", "pandas"])
def test_without_the_extra_the_line_says_what_to_install(refused, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    assert refused() == (
        'vi-ik sweep: needs Ray Tune (extra "cluster"): pip install "ray[tune]>=2.44"\n'
    )


def test_an_older_ray_is_not_enough(refused, monkeypatch):
    from vi_ik_ros.cli.commands import sweep

    monkeypatch.setattr(sweep, "version", lambda name: "2.9.3")
    assert "needs Ray Tune" in refused()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--trials", "0"], "--trials: got 0"),
        (["--time-limit", "-1"], "--time-limit: got -1.0"),
        (["--time-limit", "1e9"], "time_limit: got 1000000000.0"),
        (["--out", LINE], "a new or an empty directory"),
        (["--out", str(Path(LINE).parent)], "a new or an empty directory"),
        (["--out", "/no/sweep", "--resume"], "--resume: got /no/sweep, expected the directory"),
    ],
)
def test_wrong_options_are_refused_before_ray_starts(refused, options, words):
    pytest.importorskip("ray")
    assert words in refused(*options)


def test_another_sweep_is_neither_replaced_nor_resumed(refused, tmp_path):
    pytest.importorskip("ray")
    out = tmp_path / "out"
    out.mkdir()
    (out / "sweep.json").write_text(json.dumps({"num_trials": 3}))
    assert "--resume goes on with it" in refused("--out", str(out))
    assert "another value of num_trials" in refused("--out", str(out), "--resume", model="n")


@pytest.fixture
def sweep(tmp_path: Path):
    """Begin a sweep in a process of its own."""
    pytest.importorskip("ray")
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(SWEEP))
    processes = []

    def begin(*options: str) -> subprocess.Popen:
        words = [sys.executable, "-m", "vi_ik_ros.cli.main", "sweep", str(path), "--json"]
        words += ["--store", str(tmp_path / "store"), "--out", str(tmp_path / "out"), *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        # A background job of a shell ignores Ctrl-C, and so do its children.
        asks = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
        processes.append(subprocess.Popen(words, env=dict(os.environ), **pipes, **asks))
        return processes[-1]

    yield begin
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.slow
def test_an_interrupted_sweep_goes_on_and_its_best_model_is_stored(sweep, tmp_path):
    process = sweep()
    watchdog = threading.Timer(240.0, process.kill)
    watchdog.start()
    for line in process.stderr:
        if line.startswith("33 %: 1 of 3 trials done"):
            process.send_signal(signal.SIGINT)
            break
    watchdog.cancel()
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and "--resume goes on with" in error
    first = [path.stat().st_mtime_ns for path in tmp_path.glob("out/trial_00000/*/*/model.json")]
    assert len(first) == 1

    process = sweep("--resume")
    text, error = process.communicate(timeout=240)
    assert process.returncode == 0, error
    answer = json.loads(text)
    assert [row["number"] for row in answer["trials"]] == [1, 2, 3]
    assert [row["config"]["steps"] for row in answer["trials"]] == [1, 2, 200]
    assert [row["status"] for row in answer["trials"]] == ["done", "done", "failed"]
    assert "hardly any mass inside the joint limits" in answer["trials"][2]["reason"]
    again = [path.stat().st_mtime_ns for path in tmp_path.glob("out/trial_00000/*/*/model.json")]
    assert again == first  # not fitted again
    best = max(answer["trials"][:2], key=lambda row: row["score"])
    assert answer["best"] == best and answer["store"]["adopted"]
    stored = ModelStore(tmp_path / "store").load("posture")
    assert stored.digest == answer["store"]["digest"]
    assert stored.document["scores"]["elbo"] == best["score"]
