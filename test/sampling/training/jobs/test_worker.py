# SPDX-License-Identifier: Apache-2.0
"""What a worker does, without its process."""

from pathlib import Path

import numpy as np
import pytest

from vi_ik_ros.exceptions import (
    InvalidInput,
    ModelRefused,
    ObjectiveError,
    RobotError,
    TrainingDiverged,
)
from vi_ik_ros.sampling.training.jobs.worker.learning_request import learn
from vi_ik_ros.sampling.training.jobs.worker.refusal import refusal
from vi_ik_ros.sampling.training.jobs.worker.training_request import check, train
from vi_ik_ros.sampling.training.objective_learning import learn_objectives as learning


def refused(work, *arguments):
    """Kind, field and message of a request that is refused."""
    with pytest.raises(Exception) as error:  # noqa: PT011, B017
        work(*arguments)
    told = refusal(error.value)
    assert "\n" not in told["message"]
    return told["kind"], told["field"], told["message"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("model", "../line", "1 to 64 of a-z"),
        ("family", "gan", "one of amortized"),
        ("device", "gpu", "one of auto, cpu"),
        ("num_components", 10**7, "from 1 to 1,000,000"),
        ("num_components", 0, "from 1 to 1,000,000"),
        ("steps", -1, "from 1 to"),
        ("time_limit", 0.0, "from 0.001 to 604,800"),
        ("time_limit", float("nan"), "from 0.001 to 604,800"),
        ("time_limit", float("inf"), "from 0.001 to 604,800"),
        ("seed", -1, "from 0 to"),
        ("width", 10**6, "from 1 to 8,192"),
        ("num_blocks", 65, "from 1 to 64"),
        ("batch_size", 10**7, "from 1 to 1,000,000"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(line_job, link, field, value, words):
    job = line_job().to_plain()
    if field in job:
        job[field] = value
    else:
        job["settings"] = {field: value}
    kind, told, message = refused(check, {"job": job}, link)
    assert (kind, told) == ("settings", field)
    assert message.startswith(f"{field}: got ") and words in message


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda d: d.update(robot="plannar2"), "robot"),
        (lambda d: d.update(objectives=[]), "objectives"),
        (lambda d: d.update(extra=1), "extra"),
        (lambda d: d["objectives"][0]["density"].update(std=-1.0), "objectives[0].density.std"),
        (lambda d: d["objectives"][0]["density"].pop("mean"), "objectives[0].density.mean"),
    ],
)
def test_bad_objectives_are_refused_by_their_place(line_job, link, change, field):
    job = line_job().to_plain()
    change(job["document"])
    kind, told, _ = refused(check, {"job": job}, link)
    assert (kind, told) == ("objectives", field)


def test_a_family_that_does_not_suit_the_objectives_is_refused(line_job, documents, link):
    job = line_job().to_plain() | {"family": "moe"}
    assert refused(check, {"job": job}, link)[:2] == ("objectives", "context")
    job = job | {"family": "banana", "document": documents("planar3_position")}
    assert refused(check, {"job": job}, link)[:2] == ("objectives", "context")


def test_contradictory_objectives_are_refused_by_their_names(line_job, link):
    job = line_job().to_plain()
    line = job["document"]["objectives"][0]
    line["density"] |= {"std": [1e-3]}
    other = line | {"name": "elsewhere", "density": line["density"] | {"mean": [-1.0]}}
    job["document"]["objectives"].append(other)
    kind, _, message = refused(check, {"job": job}, link)
    assert kind == "objectives" and "elsewhere" in message


def test_a_check_says_what_the_fit_would(line_job, link):
    name, facts = check({"job": line_job().to_plain()}, link)
    assert (name, facts["family"], facts["device"]) == ("checked", "banana", "cpu")
    assert link.sent == []


def test_a_directory_of_another_name_is_refused(line_job, link):
    request = {"job": line_job().to_plain(), "directory": "/tmp/other", "resume": False}
    assert refused(train, request, link)[:2] == ("settings", "directory")


def test_a_fit_without_a_checkpoint_begins_afresh_and_says_so(line_job, link, tmp_path):
    request = {"job": line_job().to_plain(), "directory": str(tmp_path / "line"), "resume": True}
    name, fields = train(request, link)
    assert name == "fitted" and set(fields) == {"digest", "scores", "steps", "seconds"}
    assert not link.sent[0]["resumed"] and link.sent[0]["note"].startswith("begins afresh")


def test_a_place_that_cannot_be_written_is_about_the_store(line_job, link, tmp_path):
    (tmp_path / "file").write_text("")
    directory = tmp_path / "file" / "line"
    request = {"job": line_job().to_plain(), "directory": str(directory), "resume": False}
    assert refused(train, request, link)[:2] == ("store", "model directory")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RobotError("robot", "x", "y"), "objectives"),
        (ObjectiveError("a.std", 1, "2"), "objectives"),
        (InvalidInput("learn", "a.b", "c"), "settings"),
        (InvalidInput("checkpoint", "/x", "space"), "store"),
        (InvalidInput("tensor loc", "NaN", "finite numbers"), "internal"),
        (ModelRefused("demonstrations: q", 1, "2"), "demonstrations"),
        (TrainingDiverged(3, "ELBO", float("nan")), "internal"),
        (ZeroDivisionError("division\nby zero"), "internal"),
        (MemoryError(), "internal"),
    ],
)
def test_every_error_has_its_kind(error, kind):
    told = refusal(error)
    assert told["kind"] == kind and told["message"] and "\n" not in told["message"]


@pytest.fixture
def learning_request(documents, tmp_path):
    """Forty configurations of planar2, and a line whose height and width are open."""
    document = documents("planar2_line")
    document["objectives"][0]["density"] = {"type": "normal"}
    q1 = np.linspace(0.3, 1.2, 40)
    noise = 0.05 * np.random.default_rng(0).standard_normal(40)
    q = np.stack([q1, np.arcsin(1.0 - np.sin(q1)) - q1 + noise], axis=1)
    path = tmp_path / "rows.npz"
    np.savez(path, q=q[:, ::-1], joint_names=["joint_2", "joint_1"])
    options = {"max_steps": 2, "holdout": 0.0, "num_components": 8}
    return {"document": document, "demonstrations": str(path), "fields": [], "options": options}


def test_objectives_are_learned(learning_request, link, monkeypatch):
    monkeypatch.setattr(learning, "NUM_POINTS", 10_000)
    name, fields = learn(learning_request, link)
    assert name == "learned" and fields["num_demonstrations"] == 40
    assert [event["step"] for event in link.sent] == [1, 2, 3]
    learned = next(iter(fields["values"].values()))
    assert set(learned) == {"value", "start", "stderr"}
    density = fields["document"]["objectives"][0]["density"]
    assert density["mean"] == pytest.approx([1.0], abs=0.2)
    assert np.isnan(fields["held_out"]) and np.isfinite(fields["log_likelihood"])


def rows(request, q, names=("joint_1", "joint_2")):
    np.savez(request["demonstrations"], q=np.array(q), joint_names=list(names))


@pytest.mark.parametrize(
    ("spoil", "kind", "field"),
    [
        (lambda r: r["options"].update(holdout=0.95), "settings", "holdout"),
        (lambda r: r["options"].update(max_steps=0), "settings", "max_steps"),
        (lambda r: r["options"].update(steps=3), "settings", "options.steps"),
        (lambda r: r["fields"].append("nothing.std"), "settings", "learn"),
        (lambda r: r["document"].update(robot="plannar2"), "objectives", "robot"),
        (lambda r: r["document"].pop("robot"), "objectives", "robot"),
        (lambda r: Path(r["demonstrations"]).unlink(), "demonstrations", "demonstrations"),
        (lambda r: rows(r, [[0.1, 0.2]]), "demonstrations", "demonstrations"),
        (
            lambda r: rows(r, [[0.1], [0.2]], ["joint_1"]),
            "demonstrations",
            "demonstrations: joints",
        ),
        (
            lambda r: rows(r, [[0.1, 0.2], [np.nan, 0.1]]),
            "demonstrations",
            "demonstrations: row 2, joint_1",
        ),
    ],
)
def test_a_learning_that_cannot_be_done_is_refused(learning_request, link, spoil, kind, field):
    spoil(learning_request)
    assert refused(learn, learning_request, link)[:2] == (kind, field)
