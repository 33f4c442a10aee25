# SPDX-License-Identifier: Apache-2.0
"""What has come from a robot: poses with all wrenches that belong before them."""

import threading

import numpy as np
import pytest

from vi_ik_ros.nodes.robot.client import inbox as inbox_module
from vi_ik_ros.nodes.robot.client.inbox import Inbox

MS = 10**6  # [ns]


def put_wrench(inbox: Inbox, stamp: int) -> None:
    inbox.put_wrench(np.zeros(6), stamp)


def taken(inbox: Inbox, wrench_period: float):
    """Take from another thread than the one that puts."""
    found = []
    thread = threading.Thread(target=lambda: found.append(inbox.take(0, 10.0, wrench_period)))
    thread.start()
    return thread, found


def test_a_wrench_that_comes_behind_its_pose_still_belongs_to_it(monkeypatch):
    monkeypatch.setattr(inbox_module, "STRAGGLE", 10.0)
    inbox = Inbox()
    put_wrench(inbox, 90 * MS)
    inbox.put_pose(np.eye(4), 100 * MS)
    thread, found = taken(inbox, 0.006)
    thread.join(0.05)
    assert not found, "the newest wrench is older than a period"
    put_wrench(inbox, 96 * MS)
    thread.join(10.0)
    assert found[0].stamps.tolist() == [90 * MS, 96 * MS]


@pytest.mark.parametrize(("age", "wait"), [(4, 10.0), (20, 0.001)])
def test_nobody_waits_for_a_wrench_that_is_there_or_does_not_come(monkeypatch, age, wait):
    monkeypatch.setattr(inbox_module, "STRAGGLE", wait)
    inbox = Inbox()
    put_wrench(inbox, (100 - age) * MS)
    inbox.put_pose(np.eye(4), 100 * MS)
    thread, found = taken(inbox, 0.006)
    thread.join(5.0)
    assert (found[0].number, len(found[0].stamps)) == (1, 1)
