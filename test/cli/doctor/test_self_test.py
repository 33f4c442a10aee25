# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.cli.doctor import self_test
from vi_ik_ros.cli.doctor.finding import State
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.kinematics.robot_model import RobotModel


def test_samples_are_where_they_shall_be():
    assert "samples of panda_pose converged; by forward kinematics within" in (
        self_test.sampling(None)
    )


def test_samples_elsewhere_are_found_by_forward_kinematics(monkeypatch):
    forward = RobotModel.forward

    def shifted(robot, q, frame=None):
        T_root_tip = forward(robot, q, frame).copy()
        T_root_tip[..., 0, 3] += 1e-3  # [m]
        return T_root_tip

    monkeypatch.setattr(RobotModel, "forward", shifted)
    with pytest.raises(ViIkError, match=r"expected 0\.1 mm"):
        self_test.sampling(None)


def test_too_few_samples_are_a_failure(monkeypatch):
    monkeypatch.setattr(self_test, "TARGET", (1.3, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0))
    with pytest.raises(ViIkError, match="0 of 64 samples"):
        self_test.sampling(None)


def test_contact_episode_succeeds():
    assert "screw_insertion in MuJoCo: success" in self_test.contact_episode()


def test_whatever_goes_wrong_becomes_one_line(monkeypatch):
    def torn(root):
        raise OSError("no\nlibrary")

    def failed():
        raise ViIkError("no success")

    monkeypatch.setattr(self_test, "sampling", torn)
    monkeypatch.setattr(self_test, "contact_episode", failed)
    found = list(self_test.self_test_findings(None, over_ros=False))
    assert [one.state for one in found] == [State.FAILED] * 2
    assert [one.detail for one in found] == ["OSError: no library", "no success"]


@pytest.mark.ros
@pytest.mark.slow
def test_sampler_node_answers():
    assert "ended with exit code 0" in self_test.sampler_node(None)
