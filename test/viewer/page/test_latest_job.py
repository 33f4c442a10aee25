# SPDX-License-Identifier: Apache-2.0
import threading

import pytest

from vi_ik_ros.viewer.page.latest_job import LatestJob

WAIT = 30.0  # [s]


@pytest.fixture
def errors():
    return []


@pytest.fixture
def worker(errors):
    made = LatestJob("test", errors.append)
    yield made
    made.close()


def test_a_newer_job_replaces_one_that_waits_but_not_one_that_runs(worker):
    begun, go, done = threading.Event(), threading.Event(), []

    def first():
        begun.set()
        assert go.wait(WAIT)
        done.append("first")

    worker.submit(first)
    assert begun.wait(WAIT)
    worker.submit(lambda: done.append("second"))
    worker.submit(lambda: done.append("third"))
    assert not worker.idle(0.0)
    go.set()
    assert worker.idle(WAIT)
    assert done == ["first", "third"]


def test_it_goes_on_after_a_job_that_fails(worker, errors):
    done = []
    worker.submit(lambda: 1 // 0)
    assert worker.idle(WAIT)
    worker.submit(lambda: done.append("next"))
    assert worker.idle(WAIT)
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert done == ["next"]


def test_nothing_begins_after_it_was_closed(errors):
    worker, done = LatestJob("test", errors.append), []
    worker.close()
    worker.submit(lambda: done.append("late"))
    assert done == []
