# SPDX-License-Identifier: Apache-2.0
from contextlib import closing

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.store.trainer import job_queue
from vi_ik_ros.sampling.store.trainer.job_queue import CAPACITY, JobQueue, QueuedJob
from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase


@pytest.fixture
def database(tmp_path):
    with closing(TrainerDatabase(tmp_path)) as opened:
        yield opened


@pytest.fixture
def queue(database):
    return JobQueue(database)


def test_jobs_run_one_at_a_time_in_the_order_of_arrival(queue):
    assert queue.take() is None
    for model in ("hand", "arm", "leg"):
        assert queue.put(f'{{"of": "{model}"}}', model) is None
    for model, rest in (("hand", ("arm", "leg")), ("arm", ("leg",)), ("leg", ())):
        job = queue.take()
        assert (job.model, job.job_json) == (model, f'{{"of": "{model}"}}')
        assert queue.waiting() == rest
        assert queue.take() is None  # one runs
        queue.finish(job.id)
    assert queue.take() is None and queue.interrupted() is None


def test_a_newer_job_supersedes_the_waiting_one_and_goes_to_the_end(queue):
    queue.put("1", "hand")
    queue.put("2", "arm")
    superseded = queue.put("3", "hand")
    assert (superseded.model, superseded.job_json) == ("hand", "1")
    assert queue.waiting() == ("arm", "hand")
    assert [queue.put("4", "leg"), queue.put("5", "arm").job_json] == [None, "2"]
    assert queue.waiting() == ("hand", "leg", "arm")


def test_a_running_job_is_not_superseded(queue):
    queue.put("1", "hand")
    running = queue.take()
    assert queue.put("2", "hand") is None
    assert queue.put("3", "hand").job_json == "2"
    assert (queue.interrupted(), queue.waiting()) == (running, ("hand",))


def test_the_next_trainer_finds_what_was_running_and_what_waits(tmp_path):
    with closing(TrainerDatabase(tmp_path)) as database:
        queue = JobQueue(database)
        for model in ("hand", "arm", "leg"):
            queue.put("{}", model)
        running = queue.take()
    with closing(TrainerDatabase(tmp_path)) as database:
        queue = JobQueue(database)
        assert queue.interrupted() == running == QueuedJob(running.id, "hand", "{}")
        assert queue.waiting() == ("arm", "leg")
        queue.finish(running.id)
        assert queue.take().model == "arm"


def test_waiting_jobs_are_withdrawn_by_name_and_finished_by_number(queue):
    for model in ("hand", "arm", "leg"):
        queue.put("{}", model)
    running = queue.take()
    for model in ("hand", "arm", "nothing"):
        queue.withdraw(model)
    assert (queue.interrupted(), queue.waiting()) == (running, ("leg",))
    queue.finish(running.id)
    queue.finish(running.id)
    leg = queue.put("{}", "leg")
    queue.finish(leg.id)  # superseded, so already gone
    assert queue.waiting() == ("leg",)


def test_numbers_are_never_used_twice(queue):
    seen = set()
    for _ in range(5):
        queue.put("{}", "hand")
        job = queue.take()
        queue.finish(job.id)
        seen.add(job.id)
    assert len(seen) == 5


def test_only_so_many_names_wait(queue):
    names = [f"model_{number}" for number in range(CAPACITY)]
    for name in names:
        queue.put("{}", name)
    with pytest.raises(InvalidInput, match=f"model: got one_more, .*{CAPACITY} models wait"):
        queue.put("{}", "one_more")
    assert queue.put("new", names[0]) is not None
    assert queue.waiting() == (*names[1:], names[0])
    queue.take()
    assert queue.put("{}", "one_more") is None


def test_a_job_beyond_all_measure_is_refused(queue, monkeypatch):
    monkeypatch.setattr(job_queue, "MAX_SIZE", 100)
    with pytest.raises(InvalidInput, match="objectives: got 101 characters, expected at most 100"):
        queue.put("x" * 101, "hand")
    assert queue.waiting() == ()


def test_a_full_disk_leaves_the_job_that_would_have_been_superseded(queue, database):
    queue.put("old", "hand")
    database.read("PRAGMA max_page_count = 1")  # no page more than there are
    with pytest.raises(InvalidInput, match=r"work_directory: .*full"):
        queue.put("x" * 100_000, "hand")
    assert queue.take().job_json == "old"
