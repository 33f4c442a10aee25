# SPDX-License-Identifier: Apache-2.0
import numpy as np
from matplotlib.image import imread

from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.execution.trace import Recorder
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.viewer.episodes.episode_figure import (
    MAX_FORCE,
    EpisodePicture,
    save_episode_picture,
)


def picture(**parameters):
    skill = load_skill("screw_insertion")
    scene, recorder = load_scene(skill.scene), Recorder()
    episode = run_episode(AnalyticPlant(scene), skill, scene, parameters, on_tick=recorder.add)
    return EpisodePicture.of(skill, episode, recorder.trace(), title="a title", subtitle="more")


def test_thresholds_are_those_of_the_skill():
    assert picture().thresholds == {
        MAX_FORCE: 20.0,
        "set-value of force_correction": 5.0,
        "set-value of insert": 10.0,
    }


def test_pictures_of_a_success_and_of_a_failure_differ(tmp_path):
    images = []
    for name, speed in (("good", 0.004), ("bad", 0.015)):
        path = tmp_path / f"{name}.png"
        save_episode_picture(path, picture(approach_speed=speed))
        images.append(imread(path))
    assert images[0].shape == images[1].shape
    assert np.abs(images[0] - images[1]).mean() > 0.01
