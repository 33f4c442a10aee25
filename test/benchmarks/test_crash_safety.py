# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.benchmarks.crash_safety import (
    crash_safety,
    sampler_kills,
    trainer_kills,
    training_feed,
)
from vi_ik_ros.benchmarks.crash_safety.evidence.answers import Asked, Judge
from vi_ik_ros.benchmarks.crash_safety.evidence.ledger import Ledger
from vi_ik_ros.benchmarks.crash_safety.evidence.leftovers import entries, strays
from vi_ik_ros.benchmarks.crash_safety.evidence.processes import children, seconds_until_ended
from vi_ik_ros.benchmarks.crash_safety.evidence.shown import JOINTS, Shown
from vi_ik_ros.benchmarks.crash_safety.moments import TRAINER_PHASES, draw_moments
from vi_ik_ros.benchmarks.crash_safety.site import MODELS
from vi_ik_ros.benchmarks.crash_safety.training_feed import TrainingFeed
from vi_ik_ros.cli.main import main
from vi_ik_ros.nodes.sampling.served_models import serve
from vi_ik_ros.nodes.training.demonstrator import Acknowledged
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.store.trainer.demonstration_store import DemonstrationStore
from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase
from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus
from vi_ik_ros.sampling.warm_start.solver import SampleRequest


def test_moments_cover_all_phases_and_follow_from_the_seed():
    moments = draw_moments(TRAINER_PHASES, 50, np.random.default_rng(1))
    assert len(moments) == 50
    for phase in TRAINER_PHASES:
        delays = [m.delay for m in moments if m.phase == phase.name]
        assert len(set(delays)) == 5 * phase.share
        assert 0.0 <= min(delays) and phase.span / 2 < max(delays) < phase.span
    assert moments == draw_moments(TRAINER_PHASES, 50, np.random.default_rng(1))
    assert moments != draw_moments(TRAINER_PHASES, 50, np.random.default_rng(2))


@pytest.fixture
def ledger():
    ledger = Ledger()
    for stamp, name in enumerate(("a", "b", "c"), 1):
        ledger.send(name, stamp, ledger.next_seed)
    ledger.hear(JobStatus("a", 1, JobState.CHECKING))
    ledger.hear(JobStatus("b", 2, JobState.QUEUED))
    return ledger


def test_sets_are_followed_to_their_ends(ledger):
    assert ledger.state is JobState.CHECKING and not ledger.is_idle
    ledger.hear(JobStatus("a", 1, JobState.DONE, digest="of a"))
    ledger.hear(JobStatus("b", 2, JobState.FAILED, message="of b"))
    assert ledger.seeds == {"of a": 1} and ledger.num_done == 1
    assert ledger.failed == ["b: failed, of b"]
    assert list(ledger.open) == [("c", 3)] and not ledger.is_idle
    ledger.hear(JobStatus("c", 3, JobState.DONE, digest="of c"))
    ledger.hear(JobStatus("c", 3, JobState.DONE, digest="of c"))  # repeated
    assert ledger.is_idle and ledger.num_done == 2


@pytest.mark.parametrize(
    ("queued", "stored", "open_ones", "num_done", "lost"),
    [
        ({("a", 1), ("b", 2), ("c", 3)}, {}, ["a", "b", "c"], 0, []),
        ({("b", 2)}, {"a": 1}, ["b"], 1, []),  # c was not acknowledged
        ({("b", 2)}, {}, ["b"], 0, ["a"]),
        ({("a", 1)}, {"b": 1}, ["a"], 0, ["b"]),  # b holds what another set has asked for
    ],
)
def test_after_a_kill_a_set_is_queued_or_stored_or_lost(
    ledger, queued, stored, open_ones, num_done, lost
):
    ledger.settle(queued, stored)
    assert [name for name, _ in ledger.open] == open_ones
    assert (ledger.num_done, [name for name, _ in ledger.lost]) == (num_done, lost)


def test_a_model_that_nobody_asked_for_is_told(ledger):
    assert ledger.knows("a", "digest", 1) and ledger.seeds["digest"] == 1
    assert not ledger.knows("a", "other", 2) and "other" not in ledger.seeds


class Publisher:
    """Stands for the client of a trainer; a set is stamped with its number."""

    def __init__(self):
        self.models = []

    def publish(self, message):
        self.models.append(message.model)
        message.stamp.sec = len(self.models)


def test_sets_come_in_turn_and_never_two_of_a_name_at_once():
    client, ledger = Publisher(), Ledger()
    feed = TrainingFeed(client, ledger)
    for done in range(6):
        feed.fill(2)
        assert len(ledger.open) == 2 == len({name for name, _ in ledger.open})
        name, stamp = next(iter(ledger.open))
        ledger.hear(JobStatus(name, stamp, JobState.DONE, digest=str(done)))
    assert sorted(client.models[:6]) == sorted([*MODELS, *MODELS])
    feed.fill(0)
    assert len(client.models) == 7


@pytest.mark.parametrize(
    ("path", "is_stray"),
    [
        ("models/line/model.json", False),
        ("models/line/training_curve.csv", False),
        ("models/.line.writing-x1/model.json", True),
        ("models/.probe.writing-x1", True),
        ("models/line/model.json.tmp", True),
        ("trainer/trainer.sqlite-wal", False),
        ("trainer/demonstrations.npz", True),
        ("trainer/work/line/weights.safetensors", False),
        ("trainer/work/.line.writing-x1/weights.safetensors", True),
        ("trainer/work/line.partial/checkpoint.safetensors", False),
        ("trainer/work/line.partial/checkpoint.safetensors.writing", True),
        ("trainer/work/line.partial/training_curve.csv", False),
        ("trainer/work/line.partial/training_curve.csv.writing", True),
        ("trainer/work/other/weights.safetensors", True),
    ],
)
def test_only_files_that_are_of_use_are_no_strays(tmp_path, path, is_stray):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).touch()
    found = entries(tmp_path)
    assert (path in strays(found, ["line"])) == is_stray
    unfinished = any(entry.is_unfinished for entry in found)
    assert unfinished == ("writing" in path)


def test_children_are_found_and_waited_for():
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    before = children(os.getpid())
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdout.readline()
    (found,) = children(os.getpid()) - before
    assert found.pid == child.pid and found.is_running
    assert seconds_until_ended([found], 0.02) >= 0.02
    child.kill()
    assert seconds_until_ended([found], 10.0) < 10.0
    assert not found.is_running  # though nobody has asked for its exit code
    child.communicate()
    assert not found.is_running


@pytest.fixture
def shown(tmp_path):
    """Demonstrations 1 to 20, all of them recorded."""
    shown, database = Shown(), TrainerDatabase(tmp_path)
    store = DemonstrationStore(database)
    for number in range(1, 21):
        store.record(number, JOINTS, shown.configuration(number))
    database.close()
    shown.check(database.path, Acknowledged(20, 20))
    assert (shown.num_recorded, shown.num_lost, shown.num_different) == (20, 0, 0)
    return shown, database.path


@pytest.mark.parametrize(
    ("change", "acknowledged", "lost", "different"),
    [
        ("", Acknowledged(20, 20), 0, 0),
        ("", Acknowledged(23, 20), 3, 0),
        ("", Acknowledged(20, 21), 1, 0),
        ("DELETE FROM demonstration WHERE id IN (3, 7)", Acknowledged(0, 0), 2, 0),
        ("UPDATE demonstration SET positions = zeroblob(56) WHERE id = 3", Acknowledged(), 0, 1),
        ("UPDATE demonstration SET positions = x'00' WHERE id = 3", Acknowledged(), 0, 1),
        ("UPDATE demonstration SET joint_names = '[]' WHERE id > 18", Acknowledged(), 0, 2),
    ],
)
def test_demonstrations_that_are_missing_or_changed_are_counted(
    shown, change, acknowledged, lost, different
):
    shown, path = shown
    database = TrainerDatabase(path.parent)
    with database.transaction() as connection:
        connection.execute(change)
    database.close()
    shown.check(path, acknowledged)
    assert (shown.num_lost, shown.num_different) == (lost, different)


@pytest.mark.slow
def test_answers_of_unknown_older_or_other_models_are_wrong(tmp_path, write_tiny_model):
    write_tiny_model(tmp_path, "tiny", seed=1)
    stored, judge = ModelStore(tmp_path).load("tiny"), Judge()
    judge.learn(stored)
    targets = np.array([[0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0]])
    request = SampleRequest(targets=targets, num_samples=3, seed=4)
    answer = serve(stored).solver.solve(request)
    good = Asked("tiny", request, answer)
    older = Asked("tiny", request, replace(answer, model_digest="older"))
    changed = Asked("tiny", request, replace(answer, positions=answer.positions + 1e-9))
    seeds = {stored.digest: 2, "older": 1}
    assert judge.num_wrong([older, good, Asked("tiny", request, None, "late"), good], seeds) == 0
    assert judge.num_wrong([good, older], seeds) == 1
    assert judge.num_wrong([good, changed], seeds) == 1
    assert judge.num_wrong([older], {}) == 1
    assert judge.num_compared([older, good, changed]) == 2


@pytest.mark.slow
def test_one_kill_of_each_loses_nothing(monkeypatch, capsys):
    monkeypatch.setattr(crash_safety, "QUICK_KILLS", 1)
    for module in (training_feed, trainer_kills, sampler_kills):  # one is trained, one waits
        monkeypatch.setattr(module, "MODELS", MODELS[:2])
    monkeypatch.setitem(training_feed.SETTINGS, "steps", 5)
    assert main(["bench", "crash-safety", "--quick", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    required = [row for row in rows if row["reference_source"] == "required"]
    assert len(required) > 10
    assert [row for row in required if row["value"] != row["reference"]] == []
    figures = {(row["case"], row["metric"]): row["value"] for row in rows}
    for case in ("trainer killed", "sampler killed"):
        states = [v for (c, m), v in figures.items() if c == case and m.startswith("kills while")]
        assert figures[case, "kills"] == sum(states) == 1
        assert figures[case, "sets trained"] > 0
    assert figures["trainer killed", "demonstrations acknowledged"] > 0
    assert figures["trainer killed", "requests to a sampler"] > 0
