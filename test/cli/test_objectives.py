# SPDX-License-Identifier: Apache-2.0
import json
import signal
import subprocess
import sys

import pytest

from vi_ik_ros.cli.main import BAD_INPUT, FAILED, INTERRUPTED, OK, main
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.nodes.training.objective_messages import document_from_msg, options_from_msg

pytestmark = pytest.mark.ros

FILE = str(share_dir() / "config" / "objectives" / "panda_position.yaml")
TIMEOUT = 60.0  # [s]
QUEUED, TRAINING, DONE, KEPT, CANCELLED, SUPERSEDED, REFUSED, BROKEN = 1, 3, 5, 6, 7, 8, 9, 10


@pytest.fixture
def publish(scripted_trainer, capsys):
    """Publish to a trainer with a script; its node, the exit code, and what was written."""

    def run(script, *words, file=FILE):
        trainer = scripted_trainer(*script)
        options = ["--trainer", trainer.full_name, "--timeout", "30", *words]
        code = main(["objectives", "publish", file, *options])
        return trainer, code, *capsys.readouterr()

    return run


def refuse(capsys, *words):
    code = main(["objectives", *words])
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "Traceback" not in err
    assert err.startswith("vi-ik objectives: ")
    return code, err


def test_a_file_is_sent_with_its_options_and_followed(publish):
    script = [
        {"state": QUEUED, "queued": ["panda_position"]},
        {"state": TRAINING, "progress": 0.25, "step": 30, "seconds_left": 9.0},
        {"state": TRAINING, "progress": 0.55, "warnings": ["flange: cannot be met"]},
        {"state": TRAINING, "progress": 0.58, "warnings": ["flange: cannot be met"]},
        {"state": DONE, "progress": 1.0, "step": 99, "score": -1.5, "digest": "ab"},
    ]
    words = ["--components", "8", "--seed", "3", "--time-limit", "2.5", "--blocks", "2", "--force"]
    trainer, code, out, err = publish(script, "--family", "moe", *words, "--json")
    (message,) = trainer.received
    options = options_from_msg(message)
    assert (options.model, options.family, options.force) == ("panda_position", "moe", True)
    settings = {"num_components": 8, "seed": 3, "time_limit": 2.5, "num_blocks": 2}
    assert options.settings == settings
    assert document_from_msg(message)["context"][0]["objective"] == "flange"
    data = json.loads(out)
    assert code == OK and (data["state"], data["model"]) == ("DONE", "panda_position")
    assert (data["score"], data["step"], data["digest"]) == (-1.5, 99, "ab")
    assert err.count("cannot be met") == 1 and "25 %: " in err and "55 %: " in err
    assert "9 s left" in err


@pytest.mark.parametrize(
    ("state", "code"),
    [(REFUSED, BAD_INPUT), (KEPT, FAILED), (BROKEN, FAILED), (CANCELLED, FAILED)]
    + [(SUPERSEDED, FAILED)],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_other_ends_are_one_line_with_the_reason(publish, state, code, as_json):
    script = [{"state": state, "message": "objectives[0].x: got y"}]
    _, exit_code, out, err = publish(script, *["--json"] * as_json)
    assert exit_code == code and err.count("\n") == 1 and "objectives[0].x: got y" in err
    assert bool(out) == as_json and (not as_json or json.loads(out)["message"] in err)


def test_without_waiting_the_file_is_sent_all_the_same(publish):
    trainer, code, out, _ = publish([], "--no-wait", "--model", "reach", "--json")
    assert code == OK and json.loads(out) == {"model": "reach", "state": "SENT"}
    assert trainer.arrived.wait(TIMEOUT)
    assert [message.model for message in trainer.received] == ["reach"]


def test_a_context_is_filled_before_the_file_is_sent(publish):
    words = ["--context", "0.4", "-0.1", "0.5"]
    trainer, code, _, _ = publish([{"state": DONE}], *words)
    document = document_from_msg(trainer.received[0])
    assert code == OK and document["context"] == []
    assert document["objectives"][0]["density"]["mean"] == [0.4, -0.1, 0.5]


def test_a_urdf_here_is_sent_by_its_whole_path(publish, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "arm.urdf").write_text("<robot/>")
    named, mapped = "robot: arm.urdf", "robot: {urdf: ./arm.urdf, tip: a}"
    for robot, key in ((named, None), (mapped, "urdf"), ("robot: panda", None)):
        (tmp_path / "set.yaml").write_text(f"{robot}\nobjectives: []\n")
        trainer, *_ = publish([{"state": DONE}], file="set.yaml")
        sent = document_from_msg(trainer.received[0])["robot"]
        path = str(tmp_path / "arm.urdf") if "arm" in robot else "panda"
        assert (sent if key is None else sent[key]) == path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["publish", "/nowhere.yaml", "--model", "m"], ("/nowhere.yaml", "No such file")),
        (["publish", FILE, "--model", "../m"], ("--model", "../m", "a-z, 0-9 and _")),
        (["publish", "/some/My-Arm.yaml"], ("--model", "My-Arm", "a-z, 0-9 and _")),
        (["publish", FILE, "--components", "0"], ("--components", "0", "from 1")),
        (["publish", FILE, "--seed", "-1"], ("--seed", "-1", "from 0")),
        (["publish", FILE, "--time-limit", "nan"], ("--time-limit", "nan")),
        (["publish", FILE, "--blocks", "x"], ("--blocks", "x", "a whole number")),
        (["publish", FILE, "--timeout", "0"], ("--timeout", "0", "above 0")),
        (["publish", FILE, "--context", "1", "2"], ("context", "2 numbers", "3 (flange.mean 3)")),
        (["publish", FILE, "--trainer", "a b"], ("trainer", "a b", "/cell/trainer")),
        (["publish"], ("OBJECTIVES.yaml", "nothing", "--robot")),
        (["send", FILE], ("send", "publish")),
        ([], ("required", "ACTION")),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_bad_input_gets_one_line_and_exit_code_2(capsys, words, expected):
    code, err = refuse(capsys, *words)
    assert code == BAD_INPUT and all(part in err for part in expected), err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("robot: [", ("line 1",)),
        ("- robot", ("a mapping",)),
        ("robot: panda\nobjective: []", ("objective: got an unknown key", "objectives")),
        ("robot: {tip: hand}", ("robot.urdf", "a path")),
        ("robot: panda\nobjectives: [{name: a, density: {sdt: 1}}]", ("density.sdt", "std")),
        ("robot: panda\nobjectives: [{name: a, priority: -1}]", ("priority", "-1", "whole")),
    ],
)
def test_a_file_that_is_no_objectives_file_is_not_sent(capsys, tmp_path, text, expected):
    path = tmp_path / "set.yaml"
    path.write_text(text)
    code, err = refuse(capsys, "publish", str(path), "--timeout", "0.1")
    assert code == BAD_INPUT and all(part in err for part in expected), err


@pytest.mark.parametrize("words", [["publish", FILE], ["cancel"]])
def test_no_trainer_is_one_line_and_exit_code_1(capsys, words):
    code, err = refuse(capsys, *words, "--trainer", "/no_trainer", "--timeout", "0.2")
    assert code == FAILED and "/no_trainer: no trainer node after 0.2 s" in err


def test_a_training_is_cancelled(scripted_trainer, capsys):
    trainer = scripted_trainer()
    words = ["objectives", "cancel", "--trainer", trainer.full_name, "--timeout", "30"]
    assert main([*words, "--json"]) == OK and trainer.cancelled
    assert json.loads(capsys.readouterr().out) == {"message": "cancelled reach"}
    assert main(words) == FAILED and "nothing is being trained" in capsys.readouterr().err


def test_interrupted_it_leaves_the_training_and_says_how_to_end_it(scripted_trainer):
    trainer = scripted_trainer({"state": TRAINING, "progress": 0.2})
    words = [sys.executable, "-m", "vi_ik_ros.cli.main", "objectives", "publish", FILE]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([*words, "--trainer", trainer.full_name], **pipes)
    assert "20 %" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err.count("\n")) == (INTERRUPTED, "", 1), err
    assert f"vi-ik objectives cancel --trainer {trainer.full_name}" in err
    assert not trainer.cancelled


def test_sending_imports_no_torch():
    program = (
        "import sys; from vi_ik_ros.cli.main import main\n"
        f"main(['objectives', 'publish', {FILE!r}, '--timeout', '0.1', '--context', *'123'])\n"
        "assert not {'torch', 'numba', 'pinocchio'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode == 0 and "no trainer node" in done.stderr, done.stderr
