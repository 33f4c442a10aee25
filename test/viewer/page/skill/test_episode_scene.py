# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.execution.trace import RECOVERY
from vi_ik_ros.viewer.page.skill.episode_scene import PER_NEWTON, RED, EpisodeScene, path_colors
from vi_ik_ros.viewer.page.skill.skill_run import SkillRun

TURNED = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def trace(skill_store):
    return SkillRun.read(skill_store).trace(1)


def test_tool_and_force_are_those_of_the_control_period(server, trace):
    scene = EpisodeScene(server)
    scene.show(trace, TURNED)
    tick = int(np.argmax(trace.peak_forces))
    seconds = scene.move(tick)
    assert seconds == pytest.approx(trace.times[tick] - trace.times[0])
    tool = server.scene.get_handle_by_name("/skill/tool")
    np.testing.assert_allclose(tool.position, trace.positions[tick])
    start, end = server.scene.get_handle_by_name("/skill/force").points[0]
    x, y, z = trace.wrenches[tick, :3]
    np.testing.assert_allclose(end - start, PER_NEWTON * np.array([-y, x, z]), atol=1e-6)


def test_the_path_goes_through_all_positions(server, trace):
    EpisodeScene(server).show(trace, np.eye(3))
    points = server.scene.get_handle_by_name("/skill/path").points
    np.testing.assert_allclose(points[:, 1], trace.positions[1:], atol=1e-6)


def test_a_cleared_episode_leaves_the_scene(server, trace):
    scene = EpisodeScene(server)
    scene.show(trace, np.eye(3))
    scene.clear()
    assert scene.num_ticks == 0
    assert server.scene.get_handle_by_name("/skill/path") is None


def test_recovery_is_red_and_primitives_differ():
    colors = path_colors(np.array([0, 1, RECOVERY]))
    assert tuple(colors[2]) == RED
    assert len(np.unique(colors, axis=0)) == 3
