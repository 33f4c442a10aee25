# SPDX-License-Identifier: Apache-2.0
import threading
from dataclasses import replace

import pytest

from vi_ik_ros.sampling.store.curves.curve_file import CURVE_FILE
from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus
from vi_ik_ros.viewer.page.training.training_tab import NO_CURVE, NO_TRAINER, TrainingTab

WAIT = 60.0  # [s]
NAN = float("nan")
STATUS = JobStatus(
    model="reach",
    stamp=1,
    state=JobState.TRAINING,
    step=10,
    elapsed=2.0,
    seconds_left=8.0,
    progress=0.2,
    figures={"ELBO": -3.5},
    num_components=4,
)


class Feed:
    """A trainer that tells what is put into it."""

    title = "a feed"

    def __init__(self):
        self.waiting, self.heard = [], threading.Event()

    def listen(self, seconds):
        if not self.waiting:
            self.heard.set()
            threading.Event().wait(0.01)
        told, self.waiting = self.waiting, []
        return told


@pytest.fixture
def open_tab(server, sampler):
    tabs = []

    def make(feed=None, sampler=sampler):
        tabs.append(TrainingTab(server, sampler, feed))
        assert tabs[-1].settled(WAIT)
        return tabs[-1]

    yield make
    for tab in tabs:
        tab.close()


def test_without_a_trainer_it_says_how_to_watch_one(open_tab):
    tab = open_tab()
    assert tab.status.content == NO_TRAINER
    assert not tab.curve.visible


def test_a_feed_is_shown_as_it_tells(open_tab):
    feed = Feed()
    tab = open_tab(feed)
    feed.waiting = [STATUS, replace(STATUS, elapsed=3.0, figures={"ELBO": -1.25}, num_components=3)]
    feed.heard.clear()
    assert feed.heard.wait(WAIT)
    assert "| ELBO | -1.250 nat |" in tab.status.content
    assert "| components used | 3 |" in tab.status.content
    assert tab.curve.visible and tab.curve.image.std() > 5.0


def pick(tab, name):
    tab.model.value = name
    tab.refresh()
    assert tab.settled(WAIT)


def test_how_the_picked_model_was_trained_is_shown(open_tab, trained):
    tab = open_tab(sampler=trained)
    assert tab.stored.content == NO_CURVE.format("arm") and not tab.curve.visible
    pick(tab, "spot")
    words = "**spot** as it was trained: 30 updates in 60 s, 30 s of processor time."
    assert tab.stored.content == words
    assert tab.curve.visible and tab.curve.image.std() > 5.0
    pick(tab, "arm")
    assert tab.stored.content == NO_CURVE.format("arm") and not tab.curve.visible


def test_a_damaged_curve_is_told_and_the_components_are_shown(open_tab, trained, tmp_path):
    (tmp_path / "models" / "spot" / CURVE_FILE).write_bytes(b"update,done")
    tab = open_tab(sampler=trained)
    pick(tab, "spot")
    assert tab.stored.content.startswith("**not shown**: spot training_curve.csv: got another file")
    assert not tab.curve.visible
    assert "components that make at least" in tab.remark.content


def test_a_training_that_goes_on_is_shown_whatever_is_picked(open_tab, trained):
    tab = open_tab(sampler=trained)
    tab.take([STATUS, replace(STATUS, elapsed=3.0)])
    live = tab.curve.image
    assert tab.curve.visible and tab.stored.content == ""
    pick(tab, "spot")
    assert (tab.curve.image == live).all() and tab.stored.content == ""
    tab.take([replace(STATUS, elapsed=4.0, state=JobState.DONE)])
    ended = tab.curve.image
    pick(tab, "arm")
    assert tab.stored.content == NO_CURVE.format("arm") and not tab.curve.visible
    pick(tab, "spot")
    assert tab.curve.visible and (
        tab.curve.image.shape != ended.shape or (tab.curve.image != ended).any()
    )


def test_another_training_begins_another_curve(open_tab):
    tab = open_tab()
    tab.take([STATUS, replace(STATUS, elapsed=3.0)])
    tab.take([replace(STATUS, stamp=2, model="turn")])
    assert [status.model for status in tab._told] == ["turn"]


def test_what_is_not_known_is_not_told(open_tab):
    tab = open_tab()
    tab.take([replace(STATUS, figures={}, num_components=0, seconds_left=NAN)])
    for word in ("ELBO", "components used", "left"):
        assert word not in tab.status.content


def test_components_of_other_joints_and_models_are_drawn(open_tab):
    tab = open_tab()
    first = tab.components.image
    assert tab.across.options[0] == "panda_joint1"
    tab.up.value = "panda_joint4"
    tab.refresh()
    assert tab.settled(WAIT)
    assert (tab.components.image.shape != first.shape) or (tab.components.image != first).any()
    tab.model.value = "spot"
    tab.refresh()
    assert tab.settled(WAIT)
    assert "components that make at least" in tab.remark.content
