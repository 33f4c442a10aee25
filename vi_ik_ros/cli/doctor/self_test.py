# SPDX-License-Identifier: Apache-2.0
"""A configuration, an episode, an answer over ROS 2: does it work?"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.doctor.child import IMPORT_ROS, in_child
from vi_ik_ros.cli.doctor.finding import Finding, State, reason
from vi_ik_ros.exceptions import ViIkError

if TYPE_CHECKING:
    from vi_ik_ros.sampling.warm_start.solver import SampleRequest

SECTION = "self-test"
MODEL = "panda_pose"  # which a sampler node serves unless told otherwise
TARGET = (0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0)  # x y z qx qy qz qw [m, unit] of its tip
NUM_SAMPLES, LEAST_CONVERGED = 64, 32
POSITION_TOLERANCE, ORIENTATION_TOLERANCE = 1e-4, 1e-3  # [m], [rad], as the refiner has them
ROUNDING = 1.001  # on both: the refiner and the check sum in another order
SKILL, EPISODE_SEED = "screw_insertion", 0


def self_test_findings(root: Path | None, over_ros: bool) -> Iterator[Finding]:
    """Try what the package is for.

    Args:
        root: the writable layer of the model store; None: the default one.
        over_ros: also start a sampler node and ask it.
    """
    yield _tried("sampling", lambda: sampling(root))
    yield _tried("contact episode", contact_episode)
    if over_ros:
        yield _tried("sampler node", lambda: sampler_node(root))


def sampling(root: Path | None) -> str:
    """Refine samples of the default model; forward kinematics of pinocchio judges them.

    Returns:
        What was found, in one line.

    Raises:
        ViIkError: Too few have converged, or one that has is not where it shall be.
    """
    import numpy as np
    from scipy.spatial.transform import Rotation

    from vi_ik_ros.kinematics.pose import pose_to_matrix
    from vi_ik_ros.nodes.sampling.served_models import serve
    from vi_ik_ros.sampling.store.model_store import ModelStore

    model = serve(ModelStore(root).load(MODEL))
    answer = model.solver.solve(_request())
    T_root_tip = model.robot.forward(answer.positions[answer.converged])  # (N, 4, 4)
    found = f"{len(T_root_tip)} of {NUM_SAMPLES} samples of {MODEL} converged"
    if len(T_root_tip) < LEAST_CONVERGED:
        raise ViIkError(f"{found}, expected {LEAST_CONVERGED} or more")
    T_target_tip = np.linalg.inv(pose_to_matrix(np.array(TARGET))) @ T_root_tip  # (N, 4, 4)
    position = np.linalg.norm(T_target_tip[:, :3, 3], axis=-1).max()
    orientation = Rotation.from_matrix(T_target_tip[:, :3, :3]).magnitude().max()
    errors = f"{1e3 * position:.2g} mm and {np.degrees(orientation):.2g} deg"
    line = f"{found}; by forward kinematics within {errors}, {1e3 * answer.elapsed:.0f} ms"
    if max(position / POSITION_TOLERANCE, orientation / ORIENTATION_TOLERANCE) > ROUNDING:
        raise ViIkError(f"{line}, expected 0.1 mm and 0.057 deg")
    return line


def contact_episode() -> str:
    """Carry out one episode in MuJoCo.

    Returns:
        What came of it, in one line.

    Raises:
        ViIkError: It did not succeed.
    """
    from vi_ik_ros.cli.skill.output import verdict
    from vi_ik_ros.cli.skill.stage import Stage

    stage = Stage.of(SKILL, None, "mujoco")
    episode, _ = stage.run(stage.skill.space.checked({}), EPISODE_SEED)
    line = f"{SKILL} in MuJoCo: {verdict(episode)}"
    if not episode.success:
        raise ViIkError(f"{line}, expected a success")
    return line


def sampler_node(root: Path | None) -> str:
    """Ask a sampler node in a process and a domain of its own.

    Returns:
        How long it took, in one line.

    Raises:
        ViIkError: The node does not come up or does not answer, or answers with an error.
    """
    in_child(IMPORT_ROS)
    from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler

    store = {} if root is None else {"model_store": str(root)}
    with PrivateSampler({"default_model": MODEL, **store}) as sampler:
        answer = sampler.client.sample(_request())
    good = int(answer.converged.sum())
    line = f"up after {sampler.startup:.1f} s, {good} of {NUM_SAMPLES} samples converged after "
    line += f"{1e3 * answer.elapsed:.0f} ms, ended with exit code {sampler.exit_code}"
    if good < LEAST_CONVERGED or sampler.exit_code != 0:
        raise ViIkError(f"{line}, expected {LEAST_CONVERGED} or more and exit code 0")
    return line


def _request() -> "SampleRequest":
    """Return what is asked for: one target, all refined rows."""
    import numpy as np

    from vi_ik_ros.sampling.warm_start.solver import SampleRequest

    return SampleRequest(
        targets=np.array([TARGET]),
        num_samples=NUM_SAMPLES,
        seed=1,
        refine=True,
        distinct_tolerance=0.0,
    )


def _tried(name: str, test: Callable[[], str]) -> Finding:
    """Run a test; whatever goes wrong becomes one line."""
    started = time.monotonic()
    try:
        line = test()
    except ViIkError as error:
        return Finding(SECTION, name, State.FAILED, str(error))
    except Exception as error:  # a broken installation raises what it likes
        return Finding(SECTION, name, State.FAILED, reason(error))
    return Finding(SECTION, name, State.OK, f"{line} ({time.monotonic() - started:.1f} s in all)")
