# SPDX-License-Identifier: Apache-2.0
"""What somebody does on the page, by viser's handles: a control, the request, the scene."""

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput, NoAnswer
from vi_ik_ros.viewer.page.sample.sample_tab import SampleTab

WAIT = 60.0  # [s]


class Spy:
    """A sampler that keeps what it was asked."""

    title = "a spy"

    def __init__(self, sampler):
        self._sampler, self.asked, self.fails = sampler, [], False

    def model_names(self):
        return self._sampler.model_names()

    def model(self, name):
        return self._sampler.model(name)

    def sample(self, name, request):
        if self.fails:
            raise NoAnswer("/sampler: no answer within 30 s")
        self.asked.append((name, request))
        return self._sampler.sample(name, request)


@pytest.fixture
def spy(sampler):
    return Spy(sampler)


@pytest.fixture
def tab(server, spy):
    made = SampleTab(server, spy, "arm")
    assert made.settled(WAIT)
    yield made
    made.close()


def settle(tab):
    """Wait for the answer to a change; viser calls back from a pool of threads."""
    tab.refresh()
    assert tab.settled(WAIT)


def test_the_first_answer_is_in_the_scene(tab, spy):
    name, request = spy.asked[0]
    assert (name, request.num_samples, request.refine) == ("arm", 16, True)
    assert tab.solid.count == 1
    assert tab.faint.count == len(tab.answer.positions) - 1
    assert "| status |" in tab.controls.figures.content


@pytest.mark.parametrize(
    ("control", "value", "field", "expected"),
    [
        ("refine", False, "refine", False),
        ("distinct", False, "distinct_tolerance", 0.0),
        ("collision_free", True, "avoid_self_collision", True),
        ("num_samples", 3, "num_samples", 3),
        ("temperature", 0.5, "temperature", 0.5),
        ("seed", 9, "seed", 9),
    ],
)
def test_a_control_changes_the_request(tab, spy, control, value, field, expected):
    getattr(tab.controls, control).value = value
    settle(tab)
    assert getattr(spy.asked[-1][1], field) == expected


def test_a_change_of_a_control_asks_by_itself(tab, spy):
    before = len(spy.asked)
    tab.controls.num_samples.value = 2
    for _ in range(int(WAIT / 0.01)):
        if tab.solid.count + tab.faint.count == 2:
            break
        tab.settled(0.01)
    assert len(spy.asked) > before
    assert tab.solid.count + tab.faint.count == 2


def test_the_gizmo_moves_the_robots(tab, spy):
    gizmo = tab.targets.gizmos["hand"]
    gizmo.position = tuple(np.array(gizmo.position) + [0.0, 0.0, 0.05])
    settle(tab)
    np.testing.assert_allclose(spy.asked[-1][1].context[:3], gizmo.position)
    good = tab.answer.converged
    T_root_tip = tab._model.robot.forward(tab.answer.positions[good])
    assert good.any()
    np.testing.assert_allclose(T_root_tip[:, :3, 3], [gizmo.position] * good.sum(), atol=2e-4)


def test_another_model_has_its_own_controls(tab, server):
    tab.controls.model.value = "spot"
    settle(tab)
    assert tab.targets.gizmos["hand"].disable_rotations
    assert tab.answer.orientation_error.shape == (len(tab.answer.positions),)


def test_the_robot_can_be_drawn_as_capsules(tab):
    before = len(tab.solid.handles)
    tab.controls.shapes.value = "capsules"
    settle(tab)
    assert 0 < len(tab.solid.handles) < before
    assert tab.solid.count + tab.faint.count == len(tab.answer.positions)


def test_a_failure_is_told_and_leaves_what_is_shown(tab, spy):
    shown = tab.faint.count
    spy.fails = True
    settle(tab)
    assert "no answer within 30 s" in tab.controls.figures.content
    assert tab.faint.count == shown
    spy.fails = False
    settle(tab)
    assert "not answered" not in tab.controls.figures.content


def test_a_sampler_without_models_is_refused(server, spy):
    spy.model_names = lambda: []
    with pytest.raises(InvalidInput, match="--store"):
        SampleTab(server, spy)
