# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.symmetry import find_symmetry

OBJECTIVES = share_dir() / "config" / "objectives"


def found(name):
    objectives = load_objectives(OBJECTIVES / f"{name}.yaml", dtype=torch.float32)
    product = objectives.product
    pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
    contexts, _ = pairs.draw(500, torch.Generator().manual_seed(0))
    return find_symmetry(objectives, contexts)


def test_the_first_and_last_joint_of_an_arm_explain_turns_of_a_pose():
    symmetry = found("panda_pose")
    assert (symmetry.first, symmetry.last) == (0, 6)
    assert np.linalg.norm(symmetry.pole) == pytest.approx(1.0)


def test_a_position_says_nothing_of_the_last_joint():
    symmetry = found("panda_position")
    assert (symmetry.first, symmetry.last) == (0, None)
