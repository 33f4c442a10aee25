# SPDX-License-Identifier: Apache-2.0
import pytest

pytest.importorskip("viser")  # an optional extra of the package

from vi_ik_ros.skills.execution.graph.skill_file import skill_from
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.execution.trace import Recorder
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore, store_path
from vi_ik_ros.skills.learning.loop import learn
from vi_ik_ros.skills.learning.methods import make_optimizer
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.learning_run import LearningRun
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.scene.yaml_file import load_yaml

SKILL = "screw_insertion"
FIRST, LATER = 4, 6  # episodes


@pytest.fixture(scope="session")
def learn_episodes():
    """Learn in the analytic plant until a place holds so many episodes."""
    values = load_yaml("skill", SKILL)
    skill = skill_from(values)
    scene = load_scene(skill.scene)
    gate = SafetyGate(AnalyticPlant(scene), Limits.of(scene))

    def run(parameters, seed):
        recorder = Recorder()
        episode = run_episode(gate, skill, scene, parameters, seed=seed, on_tick=recorder.add)
        return episode, recorder.trace()

    def carry_out(place, number):
        wanted = LearningRun(values, scene.plain(), "analytic", "sobol", 1, {}, "test")
        path = store_path(place)
        open_store = EpisodeStore.resume if path.is_file() else EpisodeStore.begin
        problem = Problem.of(skill)
        optimizer = make_optimizer("sobol", problem, 1)
        with open_store(path, wanted) as store:
            learn(problem, optimizer, run, store, num_episodes=number)
        return place

    return carry_out


@pytest.fixture(scope="session")
def skill_store(tmp_path_factory, learn_episodes):
    place = tmp_path_factory.mktemp("skill")
    return learn_episodes(place, LATER)
