# SPDX-License-Identifier: Apache-2.0
import numpy as np
from matplotlib.image import imread

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer import plots
from vi_ik_ros.viewer.palette import component_colors


def test_picture_is_a_png_of_the_promised_size(tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "OVERSAMPLING", 0.2)
    robot = RobotModel.load("planar3")
    rng = np.random.default_rng(3)
    picture = plots.AnswerPicture(
        chain=robot.serial_chain(),
        joint_names=robot.joint_names,
        T_root_target=robot.forward(robot.ready),
        q=rng.uniform(robot.lower, robot.upper, (3, 3)),
        component=np.array([0, 4, 4]),
        raw_position_error=rng.uniform(1e-3, 1e-1, 100),
        refined_position_error=np.array([0.0, 1e-6]),
        title="three",
        subtitle="arms",
    )
    plots.save_answer_picture(tmp_path / "out.png", picture)
    image = imread(tmp_path / "out.png")
    assert image.shape[:2] == (1000, 1600)
    assert np.ptp(image[..., :3]) > 0.5


def test_one_component_has_one_color_and_neighbours_differ():
    colors = component_colors(np.array([3, 4, 3]))
    assert np.array_equal(colors[0], colors[2])
    assert np.abs(colors[0] - colors[1]).max() > 0.2
    assert component_colors(np.array([], dtype=int)).shape == (0, 3)
