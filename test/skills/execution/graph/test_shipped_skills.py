# SPDX-License-Identifier: Apache-2.0
"""Skill files against the plants that they are made for."""

import pytest

from vi_ik_ros.skills.execution.graph import load_skill, skill_names
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import load_scene


def episode(name, parameters, plant=AnalyticPlant):
    skill = load_skill(name)
    scene = load_scene(skill.scene)
    return run_episode(SafetyGate(plant(scene), Limits.of(scene)), skill, scene, parameters)


@pytest.mark.parametrize("name", skill_names())
def test_the_defaults_succeed(name):
    assert episode(name, {}).success


@pytest.mark.parametrize("name", skill_names())
def test_the_defaults_succeed_in_mujoco(name):
    pytest.importorskip("mujoco")
    from vi_ik_ros.skills.plants.mujoco.mujoco_plant import MujocoPlant

    assert episode(name, {}, MujocoPlant).success


@pytest.mark.parametrize(
    ("name", "parameters", "failed", "violated"),
    [
        ("screw_insertion", {"approach_speed": 0.015}, "force_correction", "impact"),
        ("screw_insertion", {"force_gain": 2.5e-3}, "search", "search"),
        ("screw_insertion", {"search_speed": 0.025}, "search", "search"),
        ("peg_in_hole", {"search_gain": 2.5e-3}, "search", "search"),
        ("peg_in_hole", {"insert_gain": 5e-5}, "insert", "insert"),
    ],
)
def test_extreme_parameters_fail_where_they_act_and_come_back(name, parameters, failed, violated):
    done = episode(name, parameters)
    assert done.failed_primitive == failed
    assert violated in [factor.name for factor in done.factors if factor.ok is False]
    assert done.recovered
