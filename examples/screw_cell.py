# SPDX-License-Identifier: Apache-2.0
"""Both halves together: sample a start posture, move there, drive a screw, learn to do it better.

Start the cell before, `ros2 launch vi_ik_ros screw_cell.launch.py` or `vi-ik up` with the scene
screw_cell, then `python examples/screw_cell.py`. The sampler finds every posture of a Racer-5 for
the place where the skill begins; each is followed through all that the screw's uncertain place
may ask of the tool. The arm goes to the one with the most room, inserts, and learns. Watch it in
RViz (`rviz:=true`) or on `vi-ik view`. With --smoke the example starts nodes of its own.
"""

import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pinocchio as pin

from vi_ik_ros.action import LearnSkill
from vi_ik_ros.exceptions import NoAnswer, ViIkError
from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.processes.private_robot_interface import (
    PrivateRobotInterface,
    RobotInterfaceClient,
)
from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
from vi_ik_ros.nodes.processes.private_skill import PrivateSkill
from vi_ik_ros.nodes.robot.backends.backend import Backend, make_backend
from vi_ik_ros.nodes.robot.parameters import RobotInterfaceParameters
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.nodes.skill.skill_client import SkillClient
from vi_ik_ros.sampling.store.model_store import data_home
from vi_ik_ros.sampling.warm_start.solver import SampleRequest
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.plants.deviations.deviation_box import DeviationBox, deviated
from vi_ik_ros.skills.plants.deviations.margins import Margins, Needed, margins
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.wrapped.jointed_plant import JointedPlant
from vi_ik_ros.viewer.episodes.chance import chance
from vi_ik_ros.viewer.figures.start_postures import StartPostures, save_start_postures

SMOKE = "--smoke" in sys.argv
MODEL, SCENE, SKILL = "racer5_pose", "screw_cell", "screw_insertion"
NUM_ROWS = 20_000  # of the model, a database that is filled in a second
MOST_TURN = 3.5  # [rad] from the usual posture: joint 6 alone could turn fifteen times
GRID, TRIALS, NUM_LEARNED = (2, 1, 1) if SMOKE else (3, 8, 10)
NEEDED = Needed()
PATIENCE = 10.0  # [s] of the example's own nodes, which a busy machine may let wait


def main() -> int:
    """Sample, check, choose, go, insert, learn."""
    with cell() as (sampler, arm, skill_node, picture):
        skill, backend = load_skill(SKILL), make_backend(RobotInterfaceParameters(scene=SCENE))
        q = sampled(sampler, backend)
        poses = uncertain_poses(skill, backend)
        found = margins(backend.robot, q, poses)
        checked = np.array([reached(backend.robot, start, poses) for start in q])
        succeeded = np.array([success_rate(skill, backend, start) for start in q])
        print_table(found, checked, succeeded, len(poses))
        best = found.best(NEEDED)
        shown = postures(backend, q, found, checked, succeeded, len(poses), best)
        save_start_postures(picture, shown, (60, 60) if SMOKE else (700, 700))
        print(f"picture: {picture}")
        arm.go_to_configuration(dict(zip(backend.robot.joint_names, q[best], strict=True)))
        print(f"the arm is in posture {best + 1}; learning {SKILL} from there:")
        return learned(skill_node)


@contextmanager
def cell() -> Iterator[tuple[SamplerClient, RobotInterfaceClient, SkillClient, Path]]:
    """Meet the running nodes, or start some in a private domain with a store of their own."""
    with ExitStack() as stack:
        if not SMOKE:
            fill_database(data_home() / "models")
            clients = SamplerClient(), RobotInterfaceClient(), SkillClient()
            sampler, arm, skill_node = (stack.enter_context(client) for client in clients)
            wait_for_model(sampler)
            print("watch it on `vi-ik view`, or in RViz with config/vi_ik.rviz")
            yield sampler, arm, skill_node, Path("screw_cell.png")
            return
        place = Path(stack.enter_context(TemporaryDirectory()))
        fill_database(place / "models")
        nodes = (
            PrivateSampler({"model_store": str(place / "models"), "default_model": MODEL}),
            PrivateRobotInterface({"scene": SCENE, "deadman_after": PATIENCE}),
            PrivateSkill(
                {
                    "learning_directory": str(place),
                    "pose_timeout": PATIENCE,
                    "wrench_timeout": PATIENCE,
                }
            ),
        )
        sampling, robot, skilled = (stack.enter_context(node) for node in nodes)
        yield sampling.client, robot.client, skilled.client, place / "picture.png"


def fill_database(store: Path) -> None:
    """Put a model of the Racer-5 into a store, unless it has one."""
    if (store / MODEL / "model.json").exists():
        return
    import torch

    from vi_ik_ros.sampling.experts.documents.reach_document import reach_document
    from vi_ik_ros.sampling.experts.objective_file import load_objectives
    from vi_ik_ros.sampling.training.fit import fit
    from vi_ik_ros.sampling.training.settings import FitSettings

    torch.set_num_threads(1)
    objectives = load_objectives(reach_document(RobotModel.load("racer5")), dtype=torch.float32)
    report = fit(
        objectives, store / MODEL, settings=FitSettings(num_components=NUM_ROWS), family="kd_tree"
    )
    print(f"{MODEL}: a database of {NUM_ROWS} postures, {report.seconds:.1f} s")


def wait_for_model(sampler: SamplerClient) -> None:
    """Wait until the sampler node knows the model: it looks into its store every second."""
    for _ in range(20):
        if MODEL in sampler.model_names():
            return
        time.sleep(0.5)
    raise NoAnswer(f"{sampler.server} does not list {MODEL}: its store is not {data_home()}/models")


def sampled(sampler: SamplerClient, backend: Backend) -> np.ndarray:
    """Return the distinct postures (N, 6) that have the tool where episodes begin."""
    request = SampleRequest(
        targets=np.array([backend.scene.start]),
        tip_offset=matrix_to_pose(backend.T_flange_tcp),
        num_samples=16,
        seed=1,
        refine=True,
        distinct_tolerance=0.1,
        reference=backend.robot.ready,
        reference_max_distance=MOST_TURN,
        avoid_self_collision=True,
        timeout=20.0,
    )
    answer = sampler.sample(request, model=MODEL)
    q = answer.positions[answer.converged]
    print(f"{len(q)} postures in {1e3 * answer.elapsed:.0f} ms")
    return q


def uncertain_poses(skill: Skill, backend: Backend) -> np.ndarray:
    """Return the poses (P, 4, 4) of the flange that an episode may ask for."""
    scene, constants = backend.scene, skill.constants
    box = DeviationBox.of(
        scene, travel=constants["search_distance"], retraction=constants["retract_distance"]
    )
    T_base_tcp = pose_to_matrix(np.array(scene.start))
    tools = deviated(T_base_tcp, skill.task.R_base_task, box.grid(GRID))
    return tools @ np.linalg.inv(backend.T_flange_tcp)


def reached(robot: RobotModel, start: np.ndarray, poses: np.ndarray) -> float:
    """Return the share of poses that plain pinocchio gets to: a second opinion."""
    model, data = robot.pinocchio_model, robot.pinocchio_model.createData()
    flange, count = model.getFrameId("flange"), 0
    for pose in poses:
        q = start.copy()
        for _ in range(20):
            pin.framesForwardKinematics(model, data, q)
            error = pin.log6(data.oMf[flange].actInv(pin.SE3(pose))).vector
            q += 0.5 * np.linalg.pinv(pin.computeFrameJacobian(model, data, q, flange)) @ error
        inside = (q >= model.lowerPositionLimit).all() and (q <= model.upperPositionLimit).all()
        count += bool(inside and np.abs(error).max() < 1e-4)
    return count / len(poses)


def success_rate(skill: Skill, backend: Backend, start: np.ndarray) -> float:
    """Return the share of simulated episodes that succeed from a posture, in lock-step."""
    plant = JointedPlant(backend.plant, backend.robot, backend.T_flange_tcp)
    plant.begin = start
    gate = SafetyGate(plant, Limits.of(backend.scene))
    episodes = [
        run_episode(gate, skill, backend.scene, seed=seed, recover=False) for seed in range(TRIALS)
    ]
    return float(np.mean([episode.success for episode in episodes]))


def print_table(found: Margins, checked: np.ndarray, succeeded: np.ndarray, num_poses: int) -> None:
    """Print what each posture has left in the worst of all poses."""
    print(f"the worst of {num_poses} poses, and {TRIALS} simulated episodes each:")
    print(
        "posture  to a limit [rad]  singular value  between links [mm]  reached  by pinocchio  ok"
    )
    for row, share in enumerate(found.reached):
        clearance = f"{1e3 * found.clearance[row]:18.0f}"
        shares = f"{share:8.0%} {checked[row]:13.0%} {succeeded[row]:4.0%}"
        numbers = f"{found.joint[row]:17.3f} {found.singular_value[row]:15.3f}"
        print(f"{row + 1:7d} {numbers} {clearance} {shares}")
    print(f"one of them at random: {checked.mean():.0%} reached, {succeeded.mean():.0%} ok")


def postures(
    backend: Backend,
    q: np.ndarray,
    found: Margins,
    checked: np.ndarray,
    succeeded: np.ndarray,
    num_poses: int,
    best: int,
) -> StartPostures:
    """Return the picture of the best and the worst posture."""
    return StartPostures(
        robot=backend.robot,
        T_base_flange=backend.robot.forward(q[best]),
        q=q,
        shares={
            f"of {num_poses} poses: reached (pinocchio)": checked,
            f"of {TRIALS} simulated episodes: success": succeeded,
        },
        notes=[in_words(room) for room in found.joint],
        best=best,
        worst=int(found.room(NEEDED).argmin()),
        title="One place of the tool, several postures",
        subtitle="From which of them does the arm get everywhere the screw may be?",
    )


def in_words(room: float) -> str:
    """Return how near a joint comes to its limit [rad]."""
    return f"{room:.2f} rad to every limit" if room > 0.0 else f"{-room:.2f} rad beyond a limit"


def learned(skill_node: SkillClient) -> int:
    """Learn the skill from where the arm is, and say what came of it."""
    result = skill_node.learn(
        SKILL,
        scene=SCENE,
        num_episodes=NUM_LEARNED,
        seed=0 if SMOKE else secrets.randbits(31),  # another store for every run
        safe_start=True,
        on_feedback=tell,
    )
    print(f"{result.num_successes} of {result.num_valid} episodes succeeded; {result.store}")
    if result.reason:
        print(f"it ended early: {result.reason}")
    if result.parameters:
        chosen = ", ".join(f"{name} {value:.3g}" for name, value in result.parameters.items())
        predicted = chance(result.probability, "an unknown probability")
        print(f"recommended: {chosen} (success predicted with {predicted})")
        if result.num_successes == result.num_valid:
            print("no episode has failed yet, which says little about where one would")
    return 0 if result.num_successes or SMOKE else 1  # A busy machine may miss every contact.


def tell(feedback: LearnSkill.Feedback) -> None:
    """Print how an episode ended."""
    if feedback.success:
        print(f"  episode {feedback.number}: success, cost {feedback.cost:.3f}", flush=True)
    elif feedback.ended:
        reason = feedback.invalid_reason or f"{feedback.failed_primitive}: {feedback.error}"
        print(f"  episode {feedback.number}: {reason}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ViIkError as error:
        sys.exit(str(error))
