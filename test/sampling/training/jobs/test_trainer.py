# SPDX-License-Identifier: Apache-2.0
"""The trainer with real workers: what becomes of jobs, of the store and of the work directory."""

import shutil
import time
from pathlib import Path

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.store.trainer.job_queue import JobQueue
from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase
from vi_ik_ros.sampling.training.jobs.job_status import JobState, Reason
from vi_ik_ros.sampling.training.jobs.trainer import Trainer, TrainerOptions
from vi_ik_ros.sampling.training.jobs.training_job import TrainingJob

pytestmark = pytest.mark.usefixtures("warm_workers")
TIMEOUT = 60.0  # [s]
LINE = read_yaml(Path(__file__).parents[4] / "config" / "objectives" / "planar2_line.yaml")
BAD = {**LINE, "objectives": [{**LINE["objectives"][0], "transform": {"type": "teleport"}}]}


class Cell:
    """A trainer on directories of its own, and all that it says."""

    def __init__(self, root: Path) -> None:
        self.store = ModelStore(root / "models", shipped=root / "none")
        self.work, self.database = root / "trainer" / "work", TrainerDatabase(root / "trainer")
        self.statuses, self.models = [], []
        self.trainer = Trainer(
            self.store,
            JobQueue(self.database),
            self.work,
            TrainerOptions(device="cpu", time_limit=30.0, nice=0),
            on_status=self.statuses.append,
            on_model=self.models.append,
        )

    def submit(self, model="line", document=LINE, stamp=1, force=False, **settings) -> None:
        job = TrainingJob(model, document, "gaussian", settings, force)
        self.trainer.submit(job, stamp)

    def states(self, stamp: int = 1) -> list[JobState]:
        return [status.state for status in self.statuses if status.stamp == stamp]

    def until(self, condition) -> None:
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < end, f"it did not happen: {self.statuses[-1:]}"
            self.trainer.update()
            time.sleep(0.01)

    def train(self, stamp: int = 1, **told):
        """Submit and wait for the end; return the last status."""
        self.submit(stamp=stamp, **told)
        self.until(lambda: self.states(stamp)[-1].is_final)
        return next(status for status in reversed(self.statuses) if status.stamp == stamp)

    def close(self) -> None:
        self.trainer.close()
        self.database.close()


@pytest.fixture
def make_cell(tmp_path):
    """Make cells on one root; a second one is what a restart is."""
    cells = []

    def make() -> Cell:
        if cells:
            cells[-1].close()
        cells.append(Cell(tmp_path))
        return cells[-1]

    yield make
    cells[-1].close()


@pytest.mark.slow
def test_job_becomes_a_model_and_only_a_better_one_replaces_it(make_cell):
    cell = make_cell()
    done = cell.train(num_components=8, steps=40)
    assert cell.states() == [
        JobState.QUEUED,
        JobState.CHECKING,
        JobState.TRAINING,
        JobState.STORING,
        JobState.DONE,
    ]
    assert cell.models == ["line"]
    assert done.digest == cell.store.load("line").digest
    assert done.score == cell.store.load("line").document["scores"]["elbo"]
    curve = cell.store.curve("line")
    assert curve.points[-1].step == cell.store.describe("line")["training"]["steps"]
    assert list(cell.work.iterdir()) == []
    worse = cell.train(stamp=2, num_components=1, steps=2)
    assert worse.state is JobState.KEPT
    assert worse.score < worse.stored_score == done.score
    assert worse.digest == done.digest == cell.store.load("line").digest
    assert f"{worse.score:.3f}"[:4] in worse.message
    forced = cell.train(stamp=3, num_components=1, steps=2, force=True)
    assert forced.state is JobState.DONE
    assert cell.store.load("line").digest == forced.digest != done.digest


@pytest.mark.slow
def test_queue_while_one_is_trained(make_cell):
    """The newest of a name waits, what cannot be trained is told early, cancel goes on."""
    cell = make_cell()
    cell.submit(steps=10**6, stamp=1)
    cell.until(lambda: cell.trainer.status.state is JobState.TRAINING)
    cell.submit(model="other", steps=3, stamp=2)
    cell.submit(model="broken", document=BAD, stamp=3)
    cell.submit(model="other", steps=2, stamp=4)
    assert cell.states(2) == [JobState.QUEUED, JobState.SUPERSEDED]
    assert cell.trainer.queued == ("broken", "other")
    cell.until(lambda: cell.states(3)[-1] is JobState.REFUSED)
    refused = [status for status in cell.statuses if status.stamp == 3][-1]
    assert refused.reason is Reason.OBJECTIVES
    assert "objectives[0].transform.type: got teleport, expected" in refused.message
    assert cell.trainer.status.state is JobState.TRAINING
    assert cell.trainer.status.model == "line"
    assert cell.trainer.queued == ("other",)
    assert cell.trainer.cancel() == "line"
    assert cell.states(1)[-1] is JobState.CANCELLED
    cell.until(lambda: cell.states(4)[-1] is JobState.DONE)
    assert cell.store.names() == ("other",)
    assert cell.trainer.cancel() == ""


@pytest.mark.slow
def test_what_was_broken_off_goes_on_after_a_restart(make_cell):
    cell = make_cell()
    cell.submit(steps=60, num_components=30, stamp=7)
    cell.submit(model="next", steps=2, stamp=8)
    cell.until(lambda: cell.trainer.status.step > 3)
    (cell.work / "of_nobody.partial").mkdir()
    cell = make_cell()
    assert not (cell.work / "of_nobody.partial").exists()
    cell.until(lambda: cell.states(8) and cell.states(8)[-1] is JobState.DONE)
    assert cell.states(7)[-1] is JobState.DONE
    steps = [point.step for point in cell.store.curve("line").points]
    assert steps == list(range(1, len(steps) + 1)), "it goes on with its curve"
    assert cell.store.names() == ("line", "next")
    assert list(cell.work.iterdir()) == []


class Killed(BaseException):
    """What a test raises where a kill would end the process."""


def test_kill_while_a_stored_set_is_cleaned_up(make_cell, write_tiny_model, monkeypatch):
    cell = make_cell()
    cell.submit()
    assert JobQueue(cell.database).take() is not None
    digest = write_tiny_model(cell.work, "line")  # ready, only not stored yet

    def remove_a_part(path, **_):
        if Path(path).parent == cell.work:
            (Path(path) / "model.json").unlink()
            raise Killed

    cell = make_cell()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(shutil, "rmtree", remove_a_part)
        cell.trainer.update()
    assert cell.store.load("line").digest == digest
    cell = make_cell()
    cell.trainer.update()
    assert JobState.FAILED not in cell.states()
    assert list(cell.work.iterdir()) == []


def test_half_a_checkpoint_is_removed_and_a_whole_one_kept(make_cell):
    cell = make_cell()
    cell.submit()
    assert JobQueue(cell.database).take() is not None
    partial = cell.work / "line.partial"
    partial.mkdir()
    for name in ("checkpoint.safetensors", "checkpoint.safetensors.writing"):
        (partial / name).touch()
    make_cell()
    assert [path.name for path in partial.iterdir()] == ["checkpoint.safetensors"]


@pytest.mark.parametrize(
    ("told", "reason", "words"),
    [
        ({"model": "../up"}, Reason.SETTINGS, "model: got ../up, expected"),
        ({"model": "Upper"}, Reason.SETTINGS, "1 to 64 of a-z, 0-9 and _"),
        ({"num_components": 10**9}, Reason.SETTINGS, "num_components: got 1000000000, expected"),
        ({"time_limit": float("nan")}, Reason.SETTINGS, "time_limit: got nan, expected"),
        ({"time_limit": 1e12}, Reason.SETTINGS, "time_limit: got"),
    ],
)
def test_refused_at_once(make_cell, told, reason, words):
    cell = make_cell()
    cell.submit(**told)
    (status,) = cell.statuses
    assert (status.state, status.reason) == (JobState.REFUSED, reason)
    assert words in status.message
    assert cell.trainer.queued == ()


def test_store_that_cannot_be_written_is_refused_before_training(make_cell):
    cell = make_cell()
    cell.store.root.write_text("a file where the store should be")
    cell.submit()
    (status,) = cell.statuses
    assert (status.state, status.reason) == (JobState.REFUSED, Reason.STORE)
    assert str(cell.store.root) in status.message


@pytest.mark.slow
def test_disk_that_is_full_when_a_training_ends_stops_the_queue_only_for_a_while(
    make_cell, monkeypatch
):
    cell = make_cell()
    finish, calls = JobQueue.finish, []

    def full_once(self, job_id):
        calls.append(job_id)
        if len(calls) == 1:
            raise InvalidInput("work_directory", "it", "a disk that takes what is written")
        finish(self, job_id)

    monkeypatch.setattr(JobQueue, "finish", full_once)
    done = cell.train(steps=2)
    assert done.state is JobState.DONE
    assert "a disk that takes what is written" in done.message
    assert cell.train(model="next", steps=2, stamp=2).state is JobState.DONE
    assert calls[0] == calls[1] != calls[2]
