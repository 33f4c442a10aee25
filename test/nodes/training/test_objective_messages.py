# SPDX-License-Identifier: Apache-2.0
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from builtin_interfaces.msg import Time

from vi_ik_ros.benchmarks.never_nan.random_objectives import load_robot, random_objectives
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.nodes.training.objective_messages import (
    TrainingOptions,
    document_from_msg,
    objectives_to_msg,
    options_from_msg,
)
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.training.settings import FitSettings

NUM_SEEDS, NUM_QUICK = 60, 40  # the first 60 have every robot, transform and density
SEEDS = [
    pytest.param(seed, marks=pytest.mark.slow if seed >= NUM_QUICK else ())
    for seed in range(NUM_SEEDS)
]
SHIPPED = [path.stem for path in (share_dir() / "config" / "objectives").glob("*.yaml")]
HANDMADE = list(read_yaml(Path(__file__).with_name("handmade_sets.yaml")))


def loaded(document: Mapping) -> Objectives:
    robot = document["robot"]
    return load_objectives(document, robot=load_robot(robot) if isinstance(robot, str) else None)


def assert_same_target(one: Objectives, other: Objectives) -> None:
    """Equal digests, and densities of random configurations that agree to the last bit."""
    assert one.digest == other.digest
    assert one.context_entries == other.context_entries
    robot = one.robot
    share = torch.rand(4, robot.nq, generator=torch.Generator().manual_seed(1)).double()
    q = torch.tensor(robot.lower) + share * torch.tensor(robot.upper - robot.lower)
    context = torch.zeros(1, one.product.context_size, dtype=torch.float64)
    start = 0
    for entry in one.context_entries:
        start += entry.size
        context[:, start - 1] = 1.0  # a quaternion of norm 1 where there is one
    here, there = (o.product.log_density(q, context) for o in (one, other))
    assert torch.equal(here, there), here - there


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("with_context", [False, True])
def test_random_files_survive_the_message(received, seed, with_context):
    document = random_objectives(seed, with_context=with_context)
    message = received(objectives_to_msg(document))
    here, there = loaded(document), loaded(document_from_msg(message))
    assert here.digest == there.digest
    if seed % 10 == 0:
        assert_same_target(here, there)


@pytest.mark.parametrize("name", SHIPPED + HANDMADE)
def test_files_survive_the_message(received, files, name):
    document = document_from_msg(received(objectives_to_msg(files[name])))
    again = json.loads(json.dumps(document, allow_nan=False))
    assert_same_target(load_objectives(files[name]), load_objectives(again))


@pytest.mark.parametrize("name", SHIPPED + HANDMADE)
def test_stored_documents_load_and_survive_the_message(received, files, name):
    stored = load_objectives(files[name])
    again = load_objectives(json.loads(json.dumps(stored.document, allow_nan=False)))
    assert (again.digest, again.document) == (stored.digest, stored.document)
    carried = load_objectives(document_from_msg(received(objectives_to_msg(stored.document))))
    assert carried.digest == stored.digest


def test_shipped_models_keep_the_digests_of_their_files():
    for name in ("panda_pose", "panda_position"):
        model = json.loads((share_dir() / "config" / "models" / name / "model.json").read_text())
        objectives = load_objectives(share_dir() / "config" / "objectives" / f"{name}.yaml")
        assert objectives.digest == model["objectives_digest"]


def test_options_ride_along(received, planar):
    settings = {name: 3 for name in ("num_components", "steps", "width", "num_blocks")}
    settings |= {"seed": 2**63 - 1, "time_limit": 0.125, "batch_size": 2**32 - 1}
    named = {"model": "reach", "family": "moe", "force": True}
    stamp = Time(sec=5, nanosec=7)
    message = received(objectives_to_msg(planar, **named, **settings, stamp=stamp))
    assert options_from_msg(message) == TrainingOptions("reach", "moe", settings, True)
    assert message.stamp == stamp
    assert set(settings) < {field.name for field in fields(FitSettings)}


def test_options_that_are_not_given_are_left_out(received, planar):
    message = received(objectives_to_msg(planar, model="reach"))
    assert options_from_msg(message) == TrainingOptions("reach")


@pytest.mark.parametrize(
    ("option", "value"),
    [("steps", -1), ("steps", 2**32), ("seed", 2**64), ("num_components", 2.5), ("model", "a\0")],
)
def test_options_that_a_message_cannot_hold_are_refused(planar, option, value):
    with pytest.raises(InvalidInput) as caught:
        objectives_to_msg(planar, **{option: value})
    assert caught.value.field == option


def test_robots_are_as_they_were(received, files):
    """Not just the words: joints, limits and base are the same."""
    for name in ("robot_with_locked_joints", "floating_base_with_ranges"):
        spec = document_from_msg(received(objectives_to_msg(files[name])))["robot"]
        here, there = RobotModel.load(files[name]["robot"]), RobotModel.load(spec)
        assert here.joint_names == there.joint_names and here.name == there.name
        assert here.lower.tolist() == there.lower.tolist()
        assert here.ready.tolist() == there.ready.tolist()


def test_conversion_imports_no_torch():
    program = (
        "import sys, vi_ik_ros.nodes.training.objective_messages,"
        " vi_ik_ros.nodes.training.trainer_client; assert not {'torch', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
