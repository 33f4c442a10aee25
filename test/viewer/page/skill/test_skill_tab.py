# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.viewer.page.skill.skill_tab import SkillTab

WAIT = 60.0  # [s]
FIRST, LATER = 4, 6


@pytest.fixture
def tab(server, skill_store):
    made = SkillTab(server, skill_store)
    assert made.settled(WAIT)
    yield made
    made.close()


def settle(tab):
    tab.refresh()
    assert tab.settled(WAIT)


def test_it_lists_the_episodes_and_shows_the_first(tab):
    assert len(tab.episode.options) == LATER
    entry = tab.run.entries[0]
    for name, value in entry.episode.parameters.items():
        assert f"| {name} | {value:.4g} |" in tab.text.content
    for picture in (tab.course, tab.curve, tab.maps):
        assert picture.image.std() > 5.0


def test_another_episode_has_another_course(tab):
    before = tab.course.image
    tab.episode.value = tab.episode.options[2]
    settle(tab)
    assert not np.array_equal(before, tab.course.image)
    assert tab.scene.num_ticks == len(tab.run.trace(3).times)
    assert tab.time.value == tab.scene.num_ticks - 1


def test_a_map_needs_two_parameters(tab):
    tab.up.value = tab.across.value
    settle(tab)
    assert "another parameter than across" in tab.text.content


def test_episodes_that_came_since_are_read(server, tmp_path, learn_episodes):
    place = learn_episodes(tmp_path, FIRST)
    tab = SkillTab(server, place)
    assert len(tab.episode.options) == FIRST
    learn_episodes(place, FIRST + 1)
    tab.reload()
    assert tab.settled(WAIT)
    assert len(tab.episode.options) == FIRST + 1
    assert tab.episode.value == tab.episode.options[-1]
    tab.close()


def test_a_place_without_a_store_is_refused(server, tmp_path):
    with pytest.raises(InvalidInput):
        SkillTab(server, tmp_path)
