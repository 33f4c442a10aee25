# SPDX-License-Identifier: Apache-2.0
import itertools
import time

import pytest
from builtin_interfaces.msg import Time
from rclpy.context import Context

from vi_ik_ros.exceptions import InvalidInput, NoAnswer, ViIkError
from vi_ik_ros.msg import ObjectiveSet, TrainingStatus
from vi_ik_ros.nodes.training.objective_messages import objectives_to_msg
from vi_ik_ros.nodes.training.trainer_client import FINAL, NotLearned, TrainerClient
from vi_ik_ros.srv import LearnObjectives

TIMEOUT = 20.0  # [s]
S = TrainingStatus


def states(*values):
    return [{"state": value, "progress": 0.1 * value} for value in values]


@pytest.fixture
def reach(planar):
    return objectives_to_msg(planar, model="reach")


def test_a_set_is_followed_to_its_end(scripted_trainer, reach):
    trainer = scripted_trainer(*states(S.QUEUED, S.CHECKING, S.TRAINING, S.STORING, S.DONE, S.DONE))
    with TrainerClient(trainer.full_name) as client:
        client.publish(reach, TIMEOUT)
        heard = [status.state for status in client.follow(reach, TIMEOUT)]
    assert heard == [S.QUEUED, S.CHECKING, S.TRAINING, S.STORING, S.DONE]
    assert trainer.received == [reach] and reach.stamp.sec > 0


@pytest.mark.parametrize("state", FINAL)
def test_every_final_state_ends_it(scripted_trainer, reach, state):
    trainer = scripted_trainer(*states(S.TRAINING, state, S.TRAINING))
    with TrainerClient(trainer.full_name) as client:
        client.publish(reach, TIMEOUT)
        assert [status.state for status in client.follow(reach, TIMEOUT)][-1] == state


def test_statuses_of_other_sets_are_not_heard(scripted_trainer, reach):
    earlier = {"state": S.DONE, "set_stamp": Time(sec=1)}
    other = {"state": S.REFUSED, "model": "other"}
    trainer = scripted_trainer(earlier, other, {"state": S.KEPT, "message": "ours"})
    with TrainerClient(trainer.full_name) as client:
        client.publish(reach, TIMEOUT)
        (status,) = client.follow(reach, TIMEOUT)
    assert (status.state, status.message) == (S.KEPT, "ours")


def test_a_set_that_is_sent_twice_is_followed_anew(scripted_trainer, reach):
    trainer = scripted_trainer(*states(S.CHECKING, S.DONE))
    with TrainerClient(trainer.full_name) as client:
        for _ in range(2):
            client.publish(reach, TIMEOUT)
            assert len(list(client.follow(reach, TIMEOUT))) == 2
    first, second = (message.stamp for message in trainer.received)
    assert (first.sec, first.nanosec) < (second.sec, second.nanosec)


@pytest.mark.parametrize(
    "script",
    [
        [],
        [{"state": S.TRAINING, "model": "other"}],
        [{"state": S.QUEUED}, {"state": S.TRAINING, "model": "other", "queued": ["another"]}],
    ],
)
def test_a_trainer_that_does_not_speak_of_the_set_is_given_up(scripted_trainer, reach, script):
    trainer = scripted_trainer(*script)
    with TrainerClient(trainer.full_name) as client:
        client.publish(reach, TIMEOUT)
        with pytest.raises(NoAnswer, match="nothing about reach for 0.5 s"):
            list(client.follow(reach, 0.5))


def test_a_set_that_waits_is_waited_for(scripted_trainer, reach, monkeypatch):
    """Each status that names it among those that wait grants as much time again."""
    other = {"state": S.TRAINING, "model": "other", "queued": ["reach"]}
    trainer = scripted_trainer({"state": S.QUEUED}, *[other] * 5, {"state": S.DONE})
    clock = itertools.count(step=1.0)  # each look at the clock is a second later
    with TrainerClient(trainer.full_name) as client:
        client.publish(reach, TIMEOUT)
        client._until(lambda: len(client._statuses) == 7, TIMEOUT)
        monkeypatch.setattr(time, "monotonic", lambda: next(clock))
        assert [status.state for status in client.follow(reach, 5.0)] == [S.QUEUED, S.DONE]


def test_without_a_trainer_nothing_is_sent(reach):
    with TrainerClient("/no_such_trainer") as client:
        assert not client.wait(0.1)
        with pytest.raises(NoAnswer, match="/no_such_trainer: no trainer node after 0.1 s"):
            client.publish(reach, 0.1)
        with pytest.raises(NoAnswer, match="no trainer node"):
            client.cancel(0.1)
    assert reach.stamp == Time()


def test_somebody_else_who_listens_is_no_trainer(reach):
    with TrainerClient("/nobody") as client, TrainerClient("/nobody") as other:
        other._node.create_subscription(ObjectiveSet, "/nobody/objectives", print, 1)
        assert client._until(lambda: client._sets.get_subscription_count() == 1, TIMEOUT)
        assert not client.wait(0.2)


@pytest.mark.parametrize("name", ["", "/", "a b", "/cell/", "1st", "/a//b", "/größe", "~/a"])
def test_a_name_that_no_node_can_have_is_refused(name):
    with pytest.raises(InvalidInput, match="full name of a node"):
        TrainerClient(name)


def test_a_training_is_cancelled(scripted_trainer):
    trainer = scripted_trainer()
    with TrainerClient(trainer.full_name) as client:
        assert client.cancel(TIMEOUT) == "cancelled reach" and trainer.cancelled
        with pytest.raises(ViIkError, match="nothing is being trained"):
            client.cancel(TIMEOUT)


def test_learning_answers_or_says_why_not(scripted_trainer, reach):
    trainer = scripted_trainer()

    def learn(request, response):
        if not request.fields:
            response.error_code, response.error_msg = response.INVALID_DEMONSTRATIONS, "too few"
        response.objectives = request.objectives
        return response

    trainer.create_service(LearnObjectives, "~/learn_objectives", learn)
    with TrainerClient(trainer.full_name) as client:
        request = LearnObjectives.Request(objectives=reach, fields=["tip.std"])
        assert client.learn(request, TIMEOUT).objectives == reach
        with pytest.raises(NotLearned, match="too few") as caught:
            client.learn(LearnObjectives.Request(), TIMEOUT)
    assert caught.value.code == LearnObjectives.Response.INVALID_DEMONSTRATIONS


def test_a_client_leaves_no_context_behind(scripted_trainer):
    before = Context()
    with TrainerClient("/nobody") as client:
        inside = client._context
        assert inside.ok() and inside is not before
    assert not inside.ok()
