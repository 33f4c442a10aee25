# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import dataclass

import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.densities import Density
from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.experts.transforms import Configuration
from vi_ik_ros.sampling.training.diagnosis import diagnose, explain

OBJECTIVES = share_dir() / "config" / "objectives"
BOUNDS = {"lower": "joint_limits", "upper": "joint_limits", "std": 0.05}
LIMITS = {
    "name": "joint_limits",
    "transform": {"type": "configuration"},
    "density": {"type": "normal_cdf"} | BOUNDS,
}
NAMED = {"left": 0.5, "right": 0.0}  # y of a place [m]


def position(name, mean, std, frame="tip", **more):
    transform = {"type": "position", "frame": frame} | more
    return {"name": name, "transform": transform, "density": density("normal", mean=mean, std=std)}


def density(kind, **fields):
    return {"type": kind} | fields


def found(*objectives, robot="planar3"):
    product = load_objectives({"robot": robot, "objectives": [*objectives, LIMITS]}).product
    return diagnose(product, torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    "name", ["planar2_line", "planar2_projection", "planar6_priority", "panda_over_table"]
)
def test_shipped_files_have_a_configuration_that_suits_all(name):
    product = load_objectives(OBJECTIVES / f"{name}.yaml").product
    diagnosis = diagnose(product, torch.Generator().manual_seed(0))
    assert diagnosis.error is None and diagnosis.warnings == ()


def test_a_context_is_not_judged():
    product = load_objectives(OBJECTIVES / "panda_pose.yaml").product
    assert explain(product, torch.Generator().manual_seed(0)) is None


def test_a_thin_mass_in_many_joints_is_found():
    """None of millions of random configurations is within ten of these deviations."""
    hand = position("hand", [0.5, 0.1, 0.4], 1e-6, frame="panda_link8")
    down = {
        "name": "down",
        "transform": {"type": "orientation", "frame": "panda_link8"},
        "density": density("normal", mean=[1, 0, 0, 0], std=1e-6),
    }
    diagnosis = found(hand, down, robot="panda")
    assert diagnosis.error is None and diagnosis.warnings == ()


def test_two_places_of_one_frame_are_named():
    left, right = (position(name, [1.0, y], 1e-3, axes=["x", "y"]) for name, y in NAMED.items())
    error = found(left, right).error
    assert error.field == "objectives left, right" and error.value == "no common mass"
    # 0.25 m each, root mean square over two entries
    assert "left is 177 and right is 177 standard deviations worse" in error.expected
    assert "move one of them, widen its std, or give it a later priority" in error.expected


def test_what_the_error_advises_helps():
    left, right = (position(name, [1.0, y], 1e-3, axes=["x", "y"]) for name, y in NAMED.items())
    wide = position("left", [1.0, 0.5], 0.1, axes=["x", "y"])
    assert found(left, right | {"priority": 1}).error is None
    assert found(wide, right).error is None
    assert found(left, right | {"transform": left["transform"] | {"frame": "link_3"}}).error is None


def test_the_culprit_is_named_among_innocent_objectives():
    elbow = position("elbow", [0.0, 1.0], 0.5, frame="link_2", axes=["x", "y"])
    low = {
        "name": "low",
        "transform": {"type": "position", "frame": "tip", "axes": ["y"]},
        "density": density("normal_cdf", upper=-0.5, std=0.01),
    }
    high = position("high", [1.0], 0.01, axes=["y"])
    assert found(elbow, high, low).error.field == "objectives high, low"


def test_a_box_outside_the_joint_limits_is_an_error():
    box = {
        "name": "box",
        "transform": {"type": "configuration", "joints": ["joint_2"]},
        "density": density("normal_cdf", lower=4.0, upper=4.5, std=0.02),
    }
    error = found(box).error
    assert error.field == "objective box" and "outside the joint limits" in error.value
    assert "joint_2 at 3.88" in error.expected and "its limit is 3.12" in error.expected


def test_a_place_out_of_reach_is_a_warning_and_the_fit_goes_on():
    """Its density still has a highest place, at the limit of reach 2.5 m."""
    diagnosis = found(position("hand", [3.5, 0.0], 1e-3, axes=["x", "y"]))
    assert diagnosis.error is None
    (warning,) = diagnosis.warnings
    assert warning.startswith("objective hand: out of reach, 707 standard deviations off")


def test_a_posture_that_gives_way_is_a_warning():
    posture = {
        "name": "posture",
        "transform": {"type": "configuration"},
        "density": density("normal", mean=[0.0, 0.0, 0.0], std=0.2),
    }
    diagnosis = found(position("hand", [-1.5, 0.5], 0.01, axes=["x", "y"]), posture)
    assert diagnosis.error is None
    (warning,) = diagnosis.warnings
    assert warning.startswith("objective posture: compromised for others")


def test_whole_turns_are_no_way_out_of_the_limits():
    """The middle of the range and a whole turn more are one place of the tip."""
    product = load_objectives(
        {"robot": "planar2", "objectives": [position("a", [1.2, 0.3], 1e-4, axes=["x", "y"])]}
    ).product
    for seed in range(5):
        assert explain(product, torch.Generator().manual_seed(seed)) is None


def test_what_may_be_given_up_is_in_nobodys_way():
    fields = {"std": 1e-3, "probability": 0.5, "volume": 10.0}
    left, right = (
        {
            "name": name,
            "transform": {"type": "position", "frame": "tip", "axes": ["x", "y"]},
            "density": density("uni_gauss", mean=[1.0, y], **fields),
        }
        for name, y in NAMED.items()
    )
    assert found(left, right).error is None


@dataclass(frozen=True)
class Hard(Density):
    """A bound without softness: zero beyond it."""

    bound: float
    sign: float

    def log_density(self, value):
        outside = (self.sign * (value - self.bound) > 0.0).any(-1)
        return torch.where(outside, -math.inf, 0.0).to(value)

    @classmethod
    def from_fields(cls, fields, transform):
        raise NotImplementedError


def hard_product(*bounds):
    robot = RobotModel.load("planar2")
    first = Configuration((0,), (False,))
    experts = [Expert(f"e{i}", first, Hard(*pair)) for i, pair in enumerate(bounds)]
    return ProductOfExperts(robot, experts)


def test_an_objective_that_is_zero_everywhere_is_named():
    error = explain(hard_product((9.0, 1.0), (-9.0, 1.0)), torch.Generator().manual_seed(0))
    assert isinstance(error, ObjectiveError) and error.field == "objective e1"
    assert "a density of zero at each of 2000" in error.value and "widen" in error.expected


def test_objectives_that_are_zero_only_together_are_named_both():
    bounds = (1.0, 1.0), (2.0, -1.0)
    error = explain(hard_product(*bounds), torch.Generator().manual_seed(0))
    assert error.field == "objectives e0, e1"
    assert explain(hard_product(*bounds[:1]), torch.Generator().manual_seed(0)) is None


def test_the_same_seed_gives_the_same_diagnosis():
    hand = position("hand", [3.5, 0.0], 1e-3, axes=["x", "y"])
    assert found(hand).warnings == found(hand).warnings
